"""`podhub apply`, `delete`, `logs`, `cluster` and `kubeconfig`: what they do, and what they say in kubectl's words."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path

import pytest
import yaml
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from podhub.cli import main
from podhub.cli.logs import chosen
from podhub.log.models import Cluster, Entry
from podhub.runs.output import Written

WEB = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: c
    image: busybox
    command: [sh, -c, "echo one; echo two; echo three >&2; sleep 5; echo last; exit 1"]
"""


@pytest.fixture(autouse=True)
def default(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """The cluster `default`, standing still; tables are there already."""
    from podhub.cli import database
    from podhub.runs.clusters import create_cluster

    monkeypatch.setattr(database, "_migrate", lambda: None)
    return create_cluster("default", speed="paused")


class Told:
    """What a command printed and returned."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *words: str) -> tuple[int, str, str]:
        status = main(words)
        out, err = self.capsys.readouterr()
        return status, out, err


@pytest.fixture
def podhub(capsys: pytest.CaptureFixture[str]) -> Told:
    capsys.readouterr()
    return Told(capsys)


def write(tmp_path: Path, text: str | bytes) -> str:
    path = tmp_path / "pod.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def test_apply_creates_and_then_finds_nothing_to_change(podhub: Told, tmp_path: Path) -> None:
    file = write(tmp_path, WEB)
    assert podhub("apply", "-f", file) == (0, "pod/web created\n", "")
    assert podhub("apply", "-f", file) == (0, "pod/web unchanged\n", "")


def test_apply_changes_what_is_there_and_takes_away_what_is_not_written_any_more(podhub: Told, tmp_path: Path) -> None:
    labelled = WEB.replace("  name: web\n", "  name: web\n  labels: {a: x, b: w}\n")
    podhub("apply", "-f", write(tmp_path, labelled))
    changed = labelled.replace("a: x, b: w", "b: z").replace("image: busybox", "image: busybox:1.36")
    assert podhub("apply", "-f", write(tmp_path, changed)) == (0, "pod/web configured\n", "")
    pod = json.loads(podhub("get", "pod", "web", "-o", "json")[1])
    assert pod["metadata"]["labels"] == {"b": "z"}
    assert pod["spec"]["containers"][0]["image"] == "busybox:1.36"
    assert pod["spec"]["containers"][0]["command"][0] == "sh"


def test_apply_says_what_a_pod_does_not_let_change(podhub: Told, tmp_path: Path) -> None:
    podhub("apply", "-f", write(tmp_path, WEB))
    status, out, err = podhub("apply", "-f", write(tmp_path, WEB.replace("- name: c", "- name: d")))
    assert (status, out) == (1, "")
    assert err.startswith('The Pod "web" is invalid: spec')
    assert "pod updates may not add or remove containers" in err


def test_apply_reads_standard_input(podhub: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(WEB.encode())))
    assert podhub("apply", "-f", "-") == (0, "pod/web created\n", "")


def test_apply_keeps_what_was_applied_as_kubectl_does(podhub: Told, tmp_path: Path) -> None:
    podhub("apply", "-f", write(tmp_path, WEB))
    _, out, _ = podhub("get", "pod", "web", "-o", "json")
    last = json.loads(out)["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"]
    assert last.endswith("}\n")
    assert json.loads(last)["metadata"] == {"annotations": {}, "name": "web", "namespace": "default"}


def test_nothing_is_created_unless_all_documents_are_valid(podhub: Told, tmp_path: Path) -> None:
    entries = Entry.objects.count()
    file = write(tmp_path, WEB + "---\n" + WEB.replace("name: web", "name: Other_").replace("image:", "imagee:"))
    status, out, err = podhub("apply", "-f", file)
    assert (status, out) == (1, "")
    assert f'error: {file}: line 14, column 3: metadata.name: Invalid value: "Other_"' in err
    assert f'error: {file}: line 18, column 5: spec.containers[0].imagee: unknown field "spec.containers[0].imagee"' in err
    assert Entry.objects.count() == entries


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: b: c\n", "line 1, column 5: mapping values are not allowed"),
        ("\tx: 1\n", "line 1"),
        ("", "no objects in this text"),
        (b"\x00\x01", "control characters"),
        (b"\xff\xfe\xfa", "UTF-8"),
        ("[1]", "an object is wanted here, not a list"),
        ("kind: Pod", "apiVersion not set"),
        ("apiVersion: v1\nkind: Wombat", 'no matches for kind "Wombat" in version "v1"'),
        (b"x" * 4_000_000, "the limit is 3 MiB"),
    ],
    ids=["no-yaml", "tab", "empty", "binary", "no-text", "list", "no-version", "unknown-kind", "too-large"],
)
def test_what_cannot_be_read_is_said_with_its_place(podhub: Told, tmp_path: Path, text: str | bytes, said: str) -> None:
    status, out, err = podhub("apply", "-f", write(tmp_path, text))
    assert (status, out) == (1, "")
    assert said in err
    assert "Traceback" not in err


def test_a_file_that_is_not_there(podhub: Told) -> None:
    assert podhub("apply", "-f", "/nowhere/x.yaml") == (
        1,
        "",
        "error: the path '/nowhere/x.yaml' cannot be read: No such file or directory\n",
    )


def test_a_cluster_that_is_not_there(podhub: Told, tmp_path: Path) -> None:
    status, _, err = podhub("apply", "-f", write(tmp_path, WEB), "--cluster", "nope")
    assert (status, err) == (1, "error: cluster 'nope' not found; podhub cluster list tells which there are\n")


def test_delete_says_what_it_deleted(podhub: Told, tmp_path: Path) -> None:
    podhub("apply", "-f", write(tmp_path, WEB))
    assert podhub("delete", "pod", "web") == (0, 'pod "web" deleted\n', "")
    podhub("cluster", "speed", "default", "max", "--until", "120s")
    assert podhub("delete", "pod", "web") == (1, "", 'Error from server (NotFound): pods "web" not found\n')


def test_delete_by_force_is_at_once(podhub: Told, tmp_path: Path) -> None:
    podhub("apply", "-f", write(tmp_path, WEB))
    podhub("cluster", "speed", "default", "max", "--until", "4s")
    status, out, err = podhub("delete", "pod/web", "--force")
    assert (status, out) == (0, 'pod "web" force deleted\n')
    assert err.startswith("Warning: Immediate deletion does not wait")
    assert podhub("get", "pod", "web")[0] == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("pod", "web", "--now", "--grace-period", "3"), "--now and --grace-period cannot be specified together"),
        (("pod", "web", "--force", "--grace-period", "3"), "--force and --grace-period greater than 0"),
        (("pod",), "no name was specified"),
        (("wombat", "web"), 'the server doesn\'t have a resource type "wombat"'),
    ],
)
def test_delete_refuses_what_makes_no_sense(podhub: Told, words: tuple[str, ...], said: str) -> None:
    status, _, err = podhub("delete", *words)
    assert status == 1
    assert said in err


@pytest.fixture
def crashed(podhub: Told, tmp_path: Path) -> Told:
    """A Pod that has run twice, and waits to run again."""
    podhub("apply", "-f", write(tmp_path, WEB))
    podhub("cluster", "speed", "default", "max", "--until", "17s")
    return podhub


def test_logs_are_those_of_the_last_run(crashed: Told) -> None:
    status, out, err = crashed("logs", "web")
    assert (status, err) == (0, "")
    assert out == "one\ntwo\nthree\nlast\n"
    assert crashed("logs", "web", "--tail", "2")[1] == "three\nlast\n"
    assert crashed("logs", "pod/web", "-c", "c", "--tail", "0")[1] == ""


def test_logs_reach_up_to_now_where_no_server_plays(podhub: Told, tmp_path: Path) -> None:
    podhub("cluster", "speed", "default", "1000x")
    podhub("apply", "-f", write(tmp_path, WEB))
    time.sleep(0.1)
    assert podhub("logs", "web")[1].startswith("one\ntwo\nthree\n")


def test_logs_of_the_run_before(crashed: Told) -> None:
    assert crashed("logs", "web", "--previous")[1] == "one\ntwo\nthree\nlast\n"
    status, _, err = crashed("logs", "web", "--previous", "--at", "4s")
    assert (status, err) == (1, 'Error from server (BadRequest): previous terminated container "c" in pod "web" not found\n')


def test_logs_as_of_a_moment(crashed: Told) -> None:
    assert crashed("logs", "web", "--at", "4s")[1] == "one\ntwo\nthree\n"


def test_logs_of_what_has_not_begun(podhub: Told, tmp_path: Path) -> None:
    podhub("cluster", "create", "still", "--speed", "paused")
    podhub("apply", "--cluster", "still", "-f", write(tmp_path, WEB))
    assert podhub("logs", "web", "--cluster", "still") == (0, "", "")  # as of a Pod that has no node yet
    podhub("cluster", "speed", "still", "max", "--until", "1s")
    status, _, err = podhub("logs", "web", "--cluster", "still")
    assert status == 1
    assert 'container "c" in pod "web" is waiting to start: ContainerCreating' in err


def test_logs_of_what_is_not_there(crashed: Told) -> None:
    assert crashed("logs", "web", "-c", "x") == (1, "", "error: container x is not valid for pod web out of: c\n")
    missing = 'error: error from server (NotFound): pods "nope" not found in namespace "default"\n'
    assert crashed("logs", "nope") == (1, "", missing)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("svc/web",), "error: cannot get the logs from 'svc/web': only Pods have some; give pod/NAME"),
        (("pod/web/c",), "error: arguments in resource/name form may not have more than one slash"),
        (("web", "--tail", "-2"), "error: --tail must be greater than or equal to -1"),
        (("web", "--since=-1s"), "error: --since must be greater than 0"),
        (("web", "--limit-bytes=-1"), "error: --limit-bytes must be greater than 0"),
        (
            ("web", "--since", "1s", "--since-time", "2026-01-01T00:00:00Z"),
            "error: at most one of `sinceTime` or `sinceSeconds` may be specified",
        ),
        (("web", "-f", "--at", "4s"), "error: --follow tells what comes; with --at nothing comes any more"),
    ],
)
def test_what_has_no_logs_is_refused(podhub: Told, words: tuple[str, ...], complaint: str) -> None:
    assert podhub("logs", *words) == (1, "", complaint + "\n")


@pytest.mark.parametrize(
    ("state", "last", "previous"),
    [("running", "second", "first"), ("terminated", "second", "first"), ("waiting", "second", "second")],
)
def test_what_waits_to_be_restarted_is_the_run_before_already(state: str, last: str, previous: str) -> None:
    runs = [[Written(1, 0, "stdout", "first")], [Written(2, 0, "stdout", "second")], []]
    status = {"name": "c", "restartCount": 1, "state": {state: {}}, "lastState": {"terminated": {}}}
    pod = {"metadata": {"name": "web"}, "status": {"containerStatuses": [status]}}
    assert [piece.text for piece in chosen(pod, "c", runs, False)] == [last]
    assert [piece.text for piece in chosen(pod, "c", runs, True)] == [previous]


def test_lines_tell_when_they_were_written(crashed: Told) -> None:
    first, *_, last = crashed("logs", "web", "--timestamps")[1].splitlines()
    assert first.endswith("000Z one")
    assert first < last


def test_logs_begin_and_end_where_that_is_asked_for(crashed: Told) -> None:
    when = dict(line.split(" ")[::-1] for line in crashed("logs", "web", "--timestamps")[1].splitlines())
    assert crashed("logs", "web", "--since-time", when["last"].strip())[1] == "last\n"
    assert crashed("logs", "web", "--since", "1h", "--limit-bytes", "6")[1] == "one\ntw"
    assert crashed("logs", "web", "--since", "1s")[1] == ""


def test_logs_are_followed_until_the_container_has_ended(podhub: Told, tmp_path: Path) -> None:
    podhub("cluster", "speed", "default", "10x")
    manifest = tmp_path / "ticks.yaml"
    command = "for i in 1 2 3; do echo $i; sleep 4; done"
    spec = {"restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox", "command": ["sh", "-c", command]}]}
    manifest.write_text(json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "ticks"}, "spec": spec}))
    podhub("apply", "-f", str(manifest))
    while not podhub("logs", "ticks")[1]:
        time.sleep(0.05)
    assert podhub("logs", "ticks", "-f", "--tail", "1") == (0, "1\n2\n3\n", "")


def test_a_warning_is_given_once(podhub: Told, tmp_path: Path) -> None:
    odd = WEB.replace("spec:", "spec:\n  nodeSelector: {beta.kubernetes.io/os: linux}", 1)
    file = write(tmp_path, odd)
    for text, word in ((odd, "created"), (odd.replace("image: busybox", "image: busybox:1"), "configured")):
        _, out, err = podhub("apply", "-f", write(tmp_path, text))
        assert out == f"pod/web {word}\n"
        assert err.startswith(f"Warning: {file}: line ")
        assert err.count("deprecated since v1.14") == 1


def test_clusters_are_made_listed_and_dropped(podhub: Told) -> None:
    assert podhub("cluster", "create", "big", "--nodes", "3", "--seed", "7", "--start", "2026-01-01T00:00:00Z") == (
        0,
        "cluster/big created\n",
        "",
    )
    assert [line.split()[0] for line in podhub("get", "nodes", "--cluster", "big")[1].splitlines()] == [
        "NAME",
        "node1",
        "node2",
        "node3",
    ]
    _, out, _ = podhub("cluster", "list")
    assert [line.split()[:3] for line in out.splitlines()] == [
        ["NAME", "KIND", "SPEED"],
        ["big", "simulated", "1x"],
        ["default", "simulated", "paused"],
    ]
    assert podhub("cluster", "drop", "big") == (0, 'cluster "big" dropped\n', "")
    assert podhub("cluster", "drop", "big")[0] == 1


def test_a_cluster_s_nodes_find_the_images_that_a_file_says(podhub: Told, tmp_path: Path) -> None:
    images = tmp_path / "images.yaml"
    images.write_text("busybox:1.28: {present: true}")
    manifest = WEB.replace("busybox", "busybox:1.28")
    assert podhub("cluster", "create", "stocked", "--images", str(images), "--speed", "paused")[0] == 0
    assert podhub("apply", "-f", write(tmp_path, manifest), "--cluster", "stocked")[0] == 0
    assert podhub("cluster", "speed", "stocked", "max", "--until", "3s")[0] == 0
    already = 'Container image "busybox:1.28" already present on machine and can be accessed by the pod'
    assert already in podhub("describe", "pod", "web", "--cluster", "stocked")[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("create", "x", "--images", "nofile"), "the path 'nofile' cannot be read"),
        (("create", "Not_a_label"), "is no name for a cluster"),
        (("create", "default"), "cluster 'default' already exists"),
        (("create", "x", "--speed", "warp"), "'warp' is no speed: give 1x"),
        (("create", "x", "--nodes", "0"), "--nodes: give 1 to 1000"),
        (("create", "x", "--nodes", "nofile"), "--nodes: the path 'nofile' cannot be read"),
        (("create", "x", "--start", "noon"), "--start: 'noon' is not a time"),
        (("speed", "default", "warp"), "'warp' is no speed: give 1x"),
        (("speed", "default", "1x", "--until", "3s"), "--until says where a clock at max is to stop"),
        (("speed", "nope", "1x"), "cluster 'nope' not found"),
        (("advance", "nope", "1s"), "cluster 'nope' not found"),
        (("advance", "default", "0"), "'0' is no span to advance by: give 30s"),
        (("advance", "default", "soon"), "'soon' is no span to advance by: give 30s"),
        (("advance", "default", "9000h"), "8760h at most"),
    ],
)
def test_cluster_refuses_with_a_reason(podhub: Told, words: tuple[str, ...], said: str) -> None:
    status, out, err = podhub("cluster", *words)
    assert (status, out) == (1, "")
    assert said in err


@pytest.mark.parametrize(("speed", "at"), [("paused", 2), ("max", 3)])
def test_a_cluster_that_stands_still_goes_on_by_so_much(podhub: Told, tmp_path: Path, speed: str, at: int) -> None:
    podhub("cluster", "create", "steps", "--speed", "paused", "--start", "2026-01-01T00:00:00Z")
    podhub("apply", "-f", write(tmp_path, WEB), "--cluster", "steps")
    assert podhub("cluster", "advance", "steps", "2s") == (0, "cluster/steps advanced to 2026-01-01T00:00:02Z\n", "")
    podhub("cluster", "speed", "steps", speed, *(("--until", "3s") if speed == "max" else ()))

    def restarts(span: str) -> tuple[str, str]:
        said = podhub("cluster", "advance", "steps", span)[1]
        path = "jsonpath={.status.containerStatuses[0].restartCount}"
        return said, podhub("get", "pod", "web", "--cluster", "steps", "-o", path)[1]

    assert restarts("1s") == (f"cluster/steps advanced to 2026-01-01T00:00:0{at + 1}Z\n", "0")
    assert restarts("5s") == (f"cluster/steps advanced to 2026-01-01T00:00:0{at + 6}Z\n", "1")
    assert restarts("1h")[0] == f"cluster/steps advanced to 2026-01-01T01:00:0{at + 6}Z\n"
    assert podhub("cluster", "speed", "steps")[1] == f"{speed}\n"
    assert podhub("verify", "--cluster", "steps")[0] == 0


def test_a_clock_that_goes_on_goes_on_after_an_advance(podhub: Told) -> None:
    podhub("cluster", "speed", "default", "10x")
    start = Cluster.objects.get(name="default").start
    assert podhub("cluster", "advance", "default", "1h")[0] == 0
    cluster = Cluster.objects.get(name="default")
    assert (cluster.speed, cluster.clock_at >= start + 3_600_000_000) == ("10x", True)


def test_a_moment_that_is_over_is_no_place_to_stop(podhub: Told) -> None:
    podhub("cluster", "advance", "default", "10s")
    status, _, err = podhub("cluster", "speed", "default", "max", "--until", "9s")
    assert (status, err.startswith("error: --until: 9s is over: the cluster is at ")) == (1, True)


def test_a_cluster_s_speed_is_set_and_shown(podhub: Told) -> None:
    assert podhub("cluster", "speed", "default") == (0, "paused\n", "")
    assert podhub("cluster", "speed", "default", "60x") == (0, "cluster/default 60x\n", "")
    assert podhub("cluster", "speed", "default")[1] == "60x\n"


def test_a_fork_goes_on_by_itself_from_a_moment(crashed: Told) -> None:
    assert crashed("cluster", "create", "twin", "--from", "default@4s", "--speed", "paused")[:2] == (
        0,
        "cluster/twin created\n",
    )
    assert crashed("delete", "pod", "web", "--force", "--cluster", "twin")[0] == 0
    assert crashed("get", "pod", "web", "--cluster", "twin")[0] == 1
    assert crashed("get", "pod", "web", "--cluster", "twin", "--at", "3s")[0] == 0
    assert crashed("get", "pod", "web")[0] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "nowhere"), "error: cluster 'nowhere' not found"),
        (("--from", "default@soon"), "'soon' is no moment"),
        (("--from", "default@9h"), "has not happened yet"),
        (("--from", "default", "--seed", "0"), "--seed and --from exclude each other"),
        (("--from", "default", "--speed", "fast"), "'fast' is no speed"),
    ],
)
def test_a_fork_that_cannot_be_is_refused(crashed: Told, words: tuple[str, ...], said: str) -> None:
    status, _, err = crashed("cluster", "create", "twin", *words)
    assert status == 1
    assert said in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--speed", "0.000000000001x"), "is no speed: give 1x"),
        (("--start", "9999-12-31T23:59:50Z"), "--start: '9999-12-31T23:59:50Z' is out of reach"),
        (("--seed", str(1 << 63)), "is no seed"),
    ],
)
def test_a_cluster_that_cannot_live_is_not_made(podhub: Told, words: tuple[str, ...], said: str) -> None:
    status, _, err = podhub("cluster", "create", "odd", *words)
    assert status == 1
    assert said in err
    assert "odd" not in podhub("cluster", "list")[1]


@pytest.mark.parametrize("until", ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-10:00"])
def test_no_clock_is_sent_to_the_end_of_all_dates(podhub: Told, until: str) -> None:
    status, _, err = podhub("cluster", "speed", "default", "max", "--until", until)
    assert status == 1
    assert "out of reach" in err or "is no moment" in err
    assert podhub("cluster", "list")[0] == 0


def test_a_kubeconfig_needs_an_address(podhub: Told) -> None:
    status, out, err = podhub("kubeconfig", "--server", "127.0.0.1:9999")
    assert (status, out) == (1, "")
    assert err == "error: --server: '127.0.0.1:9999' is no address such as http://127.0.0.1:8000\n"


def test_a_user_is_not_asked_for_where_there_is_no_terminal(podhub: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    status, _, err = podhub("createsuperuser")
    assert (status, err.startswith("error: no terminal to ask at: give --noinput")) == (1, True)


@pytest.mark.parametrize("words", [("get", "pods"), ("apply", "-f", "pod.yaml"), ("export", "--cluster", "default")])
def test_a_database_of_a_newer_version_is_refused(
    podhub: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    write(tmp_path, WEB)
    monkeypatch.chdir(tmp_path)
    MigrationRecorder(connection).record_applied("log", "9999_later")
    status, out, err = podhub(*words)
    MigrationRecorder(connection).record_unapplied("log", "9999_later")
    assert (status, out) == (1, "")
    assert "a newer PodHub has changed it (log.9999_later): use that version; DATABASE_URL may name another" in err


def test_a_kubeconfig_has_a_context_for_every_cluster(podhub: Told) -> None:
    status, out, _ = podhub("kubeconfig", "--server", "http://127.0.0.1:9999/")
    config = yaml.safe_load(out)
    assert (status, config["current-context"]) == (0, "podhub-default")
    reached = {"server": "http://127.0.0.1:9999/clusters/default", "insecure-skip-tls-verify": True}
    assert config["clusters"] == [{"name": "podhub-default", "cluster": reached}]
    secured = yaml.safe_load(podhub("kubeconfig", "--server", "https://podhub.example")[1])
    assert secured["clusters"][0]["cluster"] == {"server": "https://podhub.example/clusters/default"}


def test_a_kubeconfig_may_be_for_a_moment(crashed: Told) -> None:
    _, out, _ = crashed("kubeconfig", "--at", "seq-20")
    assert yaml.safe_load(out)["current-context"] == "podhub-default@seq-20"


def test_a_list_of_more_pods_than_a_text_may_have_documents_is_applied_at_once(podhub: Told, tmp_path: Path):
    one = yaml.safe_load(WEB)
    pods = [one | {"metadata": {"name": f"web-{number}"}} for number in range(250)]
    path = write(tmp_path, yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": pods}))
    status, out, err = podhub("apply", "-f", path)
    assert (status, err) == (0, "")
    assert out.splitlines() == [f"pod/web-{number} created" for number in range(250)]
    assert podhub("apply", "-f", path)[1].splitlines() == [f"pod/web-{number} unchanged" for number in range(250)]
    assert Entry.objects.filter(kind="request", resource="pods").count() == 250
