"""`podhub run`: Pods played without a server."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import threading
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from podhub.cli import main

ENDS = """\
apiVersion: v1
kind: Pod
metadata:
  name: ends
spec:
  restartPolicy: Never
  containers:
  - name: app
    image: busybox:1.36
    command: ["sh", "-c", "echo hello; sleep 3; exit 4"]
"""

STAYS = ENDS.replace("name: ends", "name: stays").replace("exit 4", "sleep 3600")

CRASHES = ENDS.replace("Never", "Always")

REQUESTS = """\
- t: 0
  verb: create
  namespace: shop
  body: {apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: app, image: "busybox:1.36", command: [sleep, "60"]}]}}
- t: 5.5
  verb: delete
  namespace: shop
  resource: pods
  name: web
  body: {gracePeriodSeconds: 2}
- t: 6
  verb: delete
  namespace: shop
  resource: pods
  name: never-was
"""  # noqa: E501


@pytest.fixture
def file(tmp_path: Path):
    def write(text: str, name: str = "file.yaml") -> str:
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return write


def watched(text: str, kind: str = "Pod") -> list[dict[str, Any]]:
    return [line for line in map(json.loads, text.splitlines()) if line["object"]["kind"] == kind]


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"podhub {version('podhub')}\n"


def test_a_life_is_watched_from_its_first_request_to_its_end(file, capsys):
    assert main(["run", file(ENDS), "-o", "watch"]) == 0
    out, err = capsys.readouterr()
    lines = watched(out)
    assert (lines[0]["t"], lines[0]["type"], lines[0]["object"]["status"]["phase"]) == (0.0, "ADDED", "Pending")
    last = lines[-1]["object"]
    assert last["status"]["phase"] == "Failed"
    assert last["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 4
    versions = [int(line["object"]["metadata"]["resourceVersion"]) for line in lines]
    assert versions == sorted(versions)
    assert "all Pods have ended" in err


def test_a_life_ends_with_its_last_pod_however_long_it_might_have_gone_on(file, capsys):
    said = set()
    for until in ("60", "3000"):
        assert main(["run", file(ENDS), "--until", until]) == 0
        said.add(capsys.readouterr().err)
    (ending,) = said
    assert float(ending.removeprefix("ended after ").partition("s:")[0]) < 20


def test_a_life_that_does_not_end_is_stopped_and_that_is_said(file, capsys):
    assert main(["run", file(STAYS), "--until", "20", "-o", "watch"]) == 0
    out, err = capsys.readouterr()
    assert all(line["t"] <= 20 for line in watched(out))
    assert err == "stopped at 20s (--until): still there: default/stays\n"


def test_the_same_seed_prints_the_same_bytes_and_another_one_does_not(file, capsys):
    path, texts = file(ENDS), []
    for seed in ("1", "1", "2"):
        main(["run", path, "-o", "watch", "--seed", seed])
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1] != texts[2]


def test_a_life_may_begin_at_any_time(file, capsys):
    main(["run", file(ENDS), "-o", "watch", "--start", "2026-11-21T08:26:19Z"])
    first = watched(capsys.readouterr().out)[0]
    assert first["object"]["metadata"]["creationTimestamp"] == "2026-11-21T08:26:19Z"


def test_recorded_requests_are_made_at_their_times_in_namespaces_that_exist(file, capsys):
    images = file("busybox:1.36: {pull: 2s, size: 1000}", "images.yaml")
    assert main(["run", "--requests", file(REQUESTS), "--images", images, "--until", "30", "-o", "watch"]) == 0
    out, err = capsys.readouterr()
    deleted = [line for line in watched(out) if line["object"]["metadata"].get("deletionTimestamp")]
    assert deleted[0]["t"] == 5.5
    assert deleted[0]["object"]["metadata"]["deletionGracePeriodSeconds"] == 2
    assert watched(out)[-1]["type"] == "DELETED"
    messages = [line["object"]["message"] for line in watched(out, "Event")]
    assert any("Successfully pulled image" in text and "Image size: 1000 bytes." in text for text in messages)
    assert 'pods "never-was" not found' in err


def test_a_namespace_may_be_deleted_that_no_request_creates(file, capsys):
    requests = REQUESTS[: REQUESTS.index("- t: 5.5")] + "- {t: 3, verb: delete, resource: namespaces, name: shop}\n"
    assert main(["run", "--requests", file(requests), "--until", "40", "-o", "watch"]) == 0
    out, err = capsys.readouterr()
    assert watched(out, "Namespace")[-1]["object"]["status"]["phase"] == "Terminating"
    assert "Error from server" not in err


def test_a_request_for_a_kind_that_is_not_simulated_is_left_out_and_that_is_said(file, capsys):
    policy = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: none}}"
    requests = f"- {{t: 0, verb: create, namespace: shop, body: {policy}}}\n{REQUESTS}"
    assert main(["run", "--requests", file(requests), "--until", "30", "-o", "watch"]) == 0
    out, err = capsys.readouterr()
    assert watched(out)[-1]["type"] == "DELETED"
    assert 'request 1: resource mapping not found: no matches for kind "NetworkPolicy" in version "networking.k8s.io/v1"' in err


def test_requests_are_read_as_programs_write_them(file, capsys):
    """YAML 1.1 leaves `y` and `08` without quotes where they are texts."""
    requests = REQUESTS[: REQUESTS.index("- t: 5.5")].replace("{name: web}", "{name: web, labels: {n: y, month: 08}}")
    assert main(["run", "--requests", file(requests), "--until", "3", "-o", "watch"]) == 0
    out, err = capsys.readouterr()
    assert watched(out)[0]["object"]["metadata"]["labels"] == {"n": "y", "month": "08"}
    assert "Error from server" not in err


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("timeline", ["[app]", "hello", "Scheduled", "ended: exit 4, Error"]),
        ("events", ["REASON", "Started", "Container started"]),
        ("table", ["STATUS", "ContainerCreating", "Error"]),
        ("describe", ["Name:             ends", "Exit Code:    4", "Events:"]),
    ],
)
def test_a_life_is_printed_for_people(file, capsys, form, words):
    assert main(["run", file(ENDS), "-o", form]) == 0
    out = capsys.readouterr().out
    assert all(word in out for word in words), out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "line 2"),
        ("kind: Pod\n\tmetadata: {}", "line 2"),
        ("", "no objects"),
        ("- 1", "error: "),
        (ENDS.replace("containers:", "container:"), 'unknown field "spec.container"'),
        (ENDS.replace("name: ends", "name: Ends!"), "metadata.name"),
        (ENDS.replace("kind: Pod", "kind: Podd"), 'no matches for kind "Podd"'),
        (ENDS + "---\n" + ENDS, "already exists"),
    ],
    ids=["unclosed", "tab", "empty", "a list", "unknown field", "bad name", "unknown kind", "twice"],
)
def test_a_manifest_that_cannot_be_played_is_refused_with_its_place(file, capsys, text, message):
    assert main(["run", file(text)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1", "expected a list of requests"),
        ("- verb: create", "t: expected the seconds"),
        ("- {t: 0, verb: watch}", "verb: expected one of"),
        ("- {t: 0, verb: delete}", "resource: expected a plural"),
        ("- {t: 0, verb: create, body: {kind: Pod}}", "apiVersion not set"),
        ("- {t: 0, verb: create, extra: 1}", "unknown field 'extra'"),
        ("- {t: 5, verb: delete, resource: pods}\n- {t: 1, verb: delete, resource: pods}", "request 2: t is before"),
        ("- {t: 0", "line 2"),
        ("[" * 200_000, "line 1: nested more than 64 levels deep"),
    ],
)
def test_a_requests_file_that_cannot_be_read_is_refused_with_its_place(file, capsys, text, message):
    assert main(["run", "--requests", file(text)]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- 1", "expected a mapping"),
        ("nginx: {pull: soon}", "nginx"),
        ("nginx: {speed: 1}", "nginx"),
        ("nginx: 5", "nginx"),
        ("nginx: {pull: -5s}", "nginx: pull: -5s"),
        ("nginx: {size: -1}", "nginx: size: "),
        ("nginx: {size: 9223372036854775808}", "size: "),
    ],
)
def test_an_images_file_that_cannot_be_read_is_refused(file, capsys, text, message):
    assert main(["run", file(ENDS), "--images", file(text, "images.yaml")]) == 1
    assert message in capsys.readouterr().err


def podhub(*words: str, **how: Any) -> subprocess.Popen[str]:
    """Start a command in a process of its own, which Ctrl-C reaches."""
    code = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code += "; from podhub.cli import main; sys.exit(main())"
    return subprocess.Popen([sys.executable, "-c", code, *words], stderr=subprocess.PIPE, text=True, **how)


def test_a_manifest_may_come_from_standard_input(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(ENDS.encode())))
    assert main(["run", "-"]) == 0
    assert "hello" in capsys.readouterr().out


def test_who_has_read_enough_ends_a_life_without_a_word(file):
    process = podhub("run", file(STAYS), "-o", "watch", "--until", "9e9", stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("{")
    process.stdout.close()
    assert (process.wait(60), process.stderr.read()) == (1, "")


def test_an_output_that_has_no_room_is_told():
    with open("/dev/full", "w") as full:
        process = podhub("run", "-", stdout=full, stdin=subprocess.PIPE)
        _, err = process.communicate(ENDS, 60)
    assert (process.returncode, err) == (1, "error: the output cannot be written: No space left on device\n")


def test_ctrl_c_ends_a_life_without_a_word(file):
    process = podhub("run", file(CRASHES), "-o", "watch", "--until", "9e9", stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    reader = threading.Thread(target=process.stdout.read)
    reader.start()
    process.send_signal(signal.SIGINT)
    assert (process.wait(60), process.stderr.read()) == (130, "")
    reader.join()


def test_an_option_that_does_not_exist_shows_those_that_do(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["run", "--untill", "3", "pod.yaml"])
    assert ended.value.code == 2
    err = capsys.readouterr().err
    assert err.startswith("usage: podhub run ")
    assert "podhub run: error: unrecognized arguments: --untill" in err


@pytest.mark.parametrize(
    "words", [[], ["pod.yaml", "--requests", "r.yaml"], *(["pod.yaml", "--until", t] for t in ("0", "inf", "5m"))]
)
def test_a_command_line_that_is_wrong_ends_with_2(capsys, words):
    with pytest.raises(SystemExit) as ended:
        main(["run", *words])
    assert ended.value.code == 2
    assert "podhub run: error: " in capsys.readouterr().err


@pytest.mark.parametrize("start", ["noon", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-01:00", "1969-12-31T23:59:59Z"])
def test_a_start_at_which_no_cluster_can_begin_is_refused(file, capsys, start):
    assert main(["run", file(ENDS), "--start", start]) == 1
    assert capsys.readouterr().err.startswith(f"error: --start: {start!r} is ")


def test_a_manifest_that_is_not_there_is_refused(capsys):
    assert main(["run", "no-such-file.yaml"]) == 1
    assert capsys.readouterr().err.startswith("error: ")


def test_no_server_is_imported(file):
    code = "import sys; from podhub.cli import main; main(sys.argv[1:]); print('django' in sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code, "run", file(ENDS)], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "False"


def test_a_manifest_that_is_no_text_is_refused_at_its_line(tmp_path, capsys):
    (tmp_path / "pod.yaml").write_bytes(b"a: 1\nb: caf\xe9\n")
    assert main(["run", str(tmp_path / "pod.yaml")]) == 1
    assert "line 2, column 7: byte 0xe9 is not text in UTF-8" in capsys.readouterr().err


def test_a_container_runs_what_its_image_is_known_for_under_another_name(file, capsys: pytest.CaptureFixture[str]) -> None:
    spec = "{restartPolicy: Never, containers: [{name: a, image: own:1}]}"
    pod = f"{{apiVersion: v1, kind: Pod, metadata: {{name: box}}, spec: {spec}}}"
    images = "own:1: {present: true, names: [busybox]}"
    assert main(["run", file(pod), "--images", file(images, "images.yaml"), "-o", "watch"]) == 0
    last = watched(capsys.readouterr().out)[-1]["object"]["status"]
    assert last["phase"] == "Succeeded"
    assert last["containerStatuses"][0]["image"] == "docker.io/library/busybox:latest"


@pytest.mark.parametrize(
    ("images", "complaint"),
    [
        ("a: {name: b}", "images.yaml: a: Object contains unknown field `name`; known are pull "),
        ("a: {names: b}", "images.yaml: a: Expected `array`, got `str` - at `$.names`; known are pull "),
        ("{a: {names: [b]}, b: {}}", "images.yaml: b: b is a name of a already; write them as one entry"),
        ("{nginx: {}, c: {names: ['docker.io/library/nginx:latest']}}", "is a name of nginx already"),
    ],
    ids=["unknown field", "no list", "two entries for one image", "one name, written in two ways"],
)
def test_images_that_cannot_be_are_refused(file, capsys: pytest.CaptureFixture[str], images: str, complaint: str) -> None:
    assert main(["run", file(ENDS), "--images", file(images, "images.yaml")]) == 1
    assert complaint in capsys.readouterr().err
