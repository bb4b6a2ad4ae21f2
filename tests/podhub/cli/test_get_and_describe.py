"""`podhub get` and `podhub describe` over a dump: no server, no database, no Django."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from podhub.cli import main

NOW = "2026-01-01T01:00:00Z"
T = "2026-01-01T00:00:00Z"
Run = Callable[..., tuple[int, str, str]]


def obj(kind: str, name: str, namespace: str = "default", api: str = "v1", **more: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace, "uid": f"uid-{name}", "creationTimestamp": T, "labels": {"app": name}}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **more}


def event(about: str, uid: str, message: str) -> dict[str, Any]:
    involved = {"kind": "Pod", "name": about, "namespace": "default", "uid": uid}
    return obj("Event", f"{about}.{len(message)}", involvedObject=involved, message=message, firstTimestamp=T, lastTimestamp=T)


def pod(name: str, namespace: str = "default") -> dict[str, Any]:
    containers = [{"name": "app", "image": "nginx"}]
    return obj("Pod", name, namespace, spec={"containers": containers, "nodeName": "node1"}, status={"phase": "Running"})


SERVICE = obj("Service", "web", spec={"type": "ClusterIP", "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"]})
NODE: dict[str, Any] = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node1", "creationTimestamp": T}}
OBJECTS = [
    pod("web"),
    pod("alone", "other"),
    pod("api"),
    SERVICE,
    NODE,
    event("web", "uid-web", "about this life"),
    event("web", "uid-before", "about a former life of that name"),
]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command over some objects; return its exit status and what it printed to either side."""

    def command(*words: str, objects: Sequence[dict[str, Any]] = OBJECTS, now: str = NOW) -> tuple[int, str, str]:
        file = tmp_path / "objects.json"
        file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
        status = main([*words, "-f", str(file), "--now", now])
        out, err = capsys.readouterr()
        return status, out, err

    return command


def test_pods_are_listed_by_name_in_their_namespace(run: Run) -> None:
    lines = [
        "NAME   READY   STATUS    RESTARTS   AGE",
        "api    0/1     Running   0          60m",
        "web    0/1     Running   0          60m",
    ]
    assert run("get", "pods") == (0, "\n".join(lines) + "\n", "")


@pytest.mark.parametrize("words", [("pod", "web"), ("po", "web"), ("pods", "web"), ("pod/web",), ("Pod", "web")])
def test_a_pod_is_found_by_any_of_its_kinds_names(run: Run, words: Sequence[str]) -> None:
    assert run("get", *words, "--no-headers")[1] == "web   0/1   Running   0     60m\n"


def test_words_and_options_stand_in_any_order(run: Run) -> None:
    assert (
        run("get", "pod", "-n", "other", "alone", "--no-headers")[1]
        == run("get", "-n", "other", "pod", "alone", "--no-headers")[1]
    )


def test_all_namespaces_add_a_column(run: Run) -> None:
    assert run("get", "pods", "-A")[1].splitlines()[3].split() == ["other", "alone", "0/1", "Running", "0", "60m"]


def test_labels_are_shown_where_asked_for(run: Run) -> None:
    assert run("get", "pod", "web", "--show-labels")[1].splitlines()[1].endswith("60m   app=web")


def test_several_types_have_a_table_each_and_their_names_a_prefix(run: Run) -> None:
    first, second = run("get", "pods,services")[1].split("\n\n")
    assert first.splitlines()[1].startswith("pod/api ")
    assert second.splitlines()[1].startswith("service/web ")
    assert run("get", "pods,services", "-n", "other")[1].splitlines()[1].startswith("pod/alone ")
    assert run("get", "all")[1] == run("get", "pod,svc")[1]
    assert run("get", "no,all")[1] == run("get", "nodes,pod,svc")[1]
    assert run("get", "pods/web", "services/web", "-o", "name")[1] == "pod/web\nservice/web\n"


def test_what_is_not_found_is_said_in_kubectls_words(run: Run) -> None:
    assert run("get", "pod", "nope") == (1, "", 'Error from server (NotFound): pods "nope" not found\n')
    assert run("describe", "pod", "nope") == (1, "", 'Error from server (NotFound): pods "nope" not found\n')
    status, out, err = run("get", "pod", "nope", "web")
    assert (status, out.splitlines()[1].split()[0], "nope" in err) == (1, "web", True)


def test_an_empty_namespace_is_no_mistake(run: Run) -> None:
    assert run("get", "pods", "-n", "void") == (0, "", "No resources found in void namespace.\n")
    assert run("describe", "pods", "-n", "void") == (0, "", "No resources found in void namespace.\n")
    assert run("get", "configmaps", "-A") == (0, "", "No resources found\n")
    assert run("get", "pods,persistentvolumes", "-n", "void") == (0, "", "No resources found\n")
    assert run("get", "pods", "-n", "void", "-o", "name") == (0, "", "")


def test_events_are_left_out_where_another_name_does_not_exist(run: Run) -> None:
    assert "Events:" in run("describe", "pod", "web")[1]
    assert "Events:" not in run("describe", "pod", "web", "nope")[1]
    assert "Events:" in run("describe", "pod", "web", "nope", "--show-events", "true")[1]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("get", "foos"), 'error: the server doesn\'t have a resource type "foos"'),
        (("get", "pod", "web", "-A"), "error: a resource cannot be retrieved by name across all namespaces"),
        (("get", "pod/web", "web"), "error: 'web' has no type before a slash, as the other words have: pod/web"),
        (("get", "pod/"), "error: arguments in resource/name form must have a single resource and name"),
        (("describe", "pods", "--at", "3s"), "error: --cluster and --at name a cluster's moment; with -f it is --now"),
    ],
)
def test_a_wrong_command_line_is_explained(run: Run, words: Sequence[str], complaint: str) -> None:
    assert run(*words) == (1, "", complaint + "\n")


def test_now_must_be_a_time(run: Run) -> None:
    assert run("get", "pods", now="soon")[2].startswith("error: --now: 'soon' is not a time")


def test_whole_objects_are_printed_one_alone_and_several_as_a_list(run: Run) -> None:
    assert json.loads(run("get", "pod", "web", "-o", "json")[1]) == OBJECTS[0]
    assert yaml.safe_load(run("get", "pods", "-o", "yaml")[1])["items"] == [OBJECTS[2], OBJECTS[0]]
    assert json.loads(run("get", "pods", "-n", "void", "-o", "json")[1])["items"] == []


def test_who_set_which_field_is_left_out_of_whole_objects(run: Run) -> None:
    managed = pod("web")
    managed["metadata"]["managedFields"] = [{"manager": "kubectl"}]
    assert json.loads(run("get", "pod", "web", "-o", "json", objects=[managed])[1]) == OBJECTS[0]


def test_one_object_is_described_with_the_events_of_this_life(run: Run) -> None:
    text = run("describe", "pod", "web")[1]
    assert "about this life" in text
    assert "former life" not in text
    assert "Events:" not in run("describe", "pod", "web", "--show-events=false")[1]


def test_several_objects_are_described_without_events_as_kubectl_1_36_does(run: Run) -> None:
    text = run("describe", "pods")[1]
    assert "Events:" not in text
    assert "\n\n\nName:" in text
    assert "Events:" in run("describe", "pods", "--show-events=true")[1]


def test_a_name_that_is_none_stands_for_all_that_begin_with_it(run: Run) -> None:
    status, text, err = run("describe", "pod", "we")
    assert (status, err) == (0, "")
    assert text.split()[:2] == ["Name:", "web"]


def test_a_node_tells_which_pods_are_on_it(run: Run) -> None:
    text = run("describe", "node", "node1")[1]
    assert [line.split()[-3:] for line in text.splitlines() if line.startswith("Non-terminated")] == [["(3", "in", "total)"]]
    assert [line.split()[:2] for line in text.splitlines() if line.endswith("60m")] == [
        ["default", "api"],
        ["default", "web"],
        ["other", "alone"],
    ]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "not JSON: line 1, column 1"),
        ('{"kind": "List",\n "items": [}', "not JSON: line 2, column 12"),
        ("[1]", "expected an object with kind and metadata"),
        ('{"kind": "List", "items": {}}', "items: expected a list of objects"),
        ('{"kind": "List", "items": [{"kind": "Pod", "metadata": {}}]}', "items[0]: metadata.name: expected a string"),
        ('{"kind": "List", "items": [{"metadata": {"name": "x"}}]}', "items[0]: kind: expected a string"),
        ('{"kind": "Pod", "metadata": {"name": "x"}, "spec": "a"}', "Pod 'x': not as Kubernetes writes it"),
        ('{"kind": "Pod", "metadata": {"name": "x", "creationTimestamp": "soon"}}', "Pod 'x': not as Kubernetes writes it"),
        ("[" * 100_000, "nested too deeply"),
        ("\xff", "not JSON"),
    ],
)
def test_a_bad_dump_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, complaint: str) -> None:
    file = tmp_path / "dump.json"
    file.write_bytes(content.encode("latin-1"))
    assert main(["get", "pod", "x", "-f", str(file), "--now", NOW]) == 1
    assert complaint in capsys.readouterr().err


def test_a_file_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["get", "pods", "-f", str(tmp_path / "none.json")]) == 1
    assert "none.json" in capsys.readouterr().err


def test_items_of_a_podlist_may_leave_their_kind_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    item = {key: value for key, value in pod("web").items() if key not in ("kind", "apiVersion")}
    file = tmp_path / "pods.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "PodList", "items": [item]}))
    assert main(["get", "pods", "-f", str(file), "--now", NOW, "-o", "name"]) == 0
    assert capsys.readouterr().out == "pod/web\n"


@pytest.mark.parametrize("verb", ["get", "describe"])
def test_a_dump_is_rendered_without_django(tmp_path: Path, verb: str) -> None:
    file = tmp_path / "objects.json"
    file.write_text(json.dumps({"kind": "List", "items": OBJECTS}))
    words = [verb, "pod", "web", "-f", str(file), "--now", NOW]
    script = f"import sys\nfrom podhub.cli import main\nmain({words!r})\nsys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, check=False).returncode == 0
