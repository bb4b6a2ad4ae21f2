"""`podhub apply` and `delete`: what they do, and what they say in kubectl's words."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import yaml
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from podhub.log.models import Entry
from tests.podhub.cli.told import WEB, Told, write

pytestmark = pytest.mark.usefixtures("default")


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


def test_a_warning_is_given_once(podhub: Told, tmp_path: Path) -> None:
    odd = WEB.replace("spec:", "spec:\n  nodeSelector: {beta.kubernetes.io/os: linux}", 1)
    file = write(tmp_path, odd)
    for text, word in ((odd, "created"), (odd.replace("image: busybox", "image: busybox:1"), "configured")):
        _, out, err = podhub("apply", "-f", write(tmp_path, text))
        assert out == f"pod/web {word}\n"
        assert err.startswith(f"Warning: {file}: line ")
        assert err.count("deprecated since v1.14") == 1


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


def test_a_list_of_more_pods_than_a_text_may_have_documents_is_applied_at_once(podhub: Told, tmp_path: Path):
    one = yaml.safe_load(WEB)
    pods = [one | {"metadata": {"name": f"web-{number}"}} for number in range(250)]
    path = write(tmp_path, yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": pods}))
    status, out, err = podhub("apply", "-f", path)
    assert (status, err) == (0, "")
    assert out.splitlines() == [f"pod/web-{number} created" for number in range(250)]
    assert podhub("apply", "-f", path)[1].splitlines() == [f"pod/web-{number} unchanged" for number in range(250)]
    assert Entry.objects.filter(kind="request", resource="pods").count() == 250
