"""The forms of `podhub get -o`, over a dump, in kubectl's words."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from podhub.cli import main

PODS = [
    {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "labels": {"app": name}, "managedFields": [{"manager": "me"}]},
        "spec": {"containers": [{"name": "c", "image": image} for image in images]},
        "status": {"phase": phase, "startTime": None},
    }
    for name, phase, images in (("api", "Pending", ["a:1"]), ("web", "Running", ["b:1", "b:2"]))
]

Get = Callable[..., tuple[int, str, str]]


@pytest.fixture
def get(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Get:
    file = tmp_path / "objects.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": PODS}))

    def command(*words: str) -> tuple[int, str, str]:
        status = main(["get", *words, "-f", str(file), "--now", "2026-01-01T00:00:00Z"])
        out, err = capsys.readouterr()
        return status, out, err

    return command


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("jsonpath={.items[*].metadata.name}", "api web"),
        ('jsonpath={range .items[*]}{.metadata.name}{"\\t"}{.status.phase}{"\\n"}{end}', "api\tPending\nweb\tRunning\n"),
        ('jsonpath={.items[?(@.status.phase=="Running")].metadata.labels}', '{"app":"web"}'),
        ("jsonpath={.items[0].metadata.managedFields[*].manager}", "me"),
        ("jsonpath-as-json={.items[*].kind}", '[\n    "Pod",\n    "Pod"\n]\n'),
        (
            "custom-columns=NAME:.metadata.name,IMAGES:.spec.containers[*].image,IP:.status.podIP,L:metadata.labels",
            "NAME   IMAGES    IP       L\napi    a:1       <none>   map[app:api]\nweb    b:1,b:2   <none>   map[app:web]\n",
        ),
        ("custom-columns=START:.status.startTime", "START\n<nil>\n<nil>\n"),
    ],
)
def test_objects_are_printed_as_a_template_says(get: Get, form: str, text: str) -> None:
    assert get("pods", "-o", form) == (0, text, "")


def test_one_object_is_no_list(get: Get) -> None:
    assert get("pod", "web", "-o", "jsonpath={.kind}") == (0, "Pod", "")
    assert get("pods", "-o", "jsonpath={.kind}") == (0, "List", "")
    status, out, err = get("pod", "web", "nope", "-o", "jsonpath={.kind}")
    assert (status, out, err) == (1, "List", 'Error from server (NotFound): pods "nope" not found\n')


def test_of_no_objects_headers_and_an_empty_list_are_left(get: Get) -> None:
    assert get("svc", "-o", "custom-columns=NAME:.metadata.name") == (0, "NAME\n", "")
    assert get("svc", "-o", "custom-columns=NAME:.metadata.name", "--no-headers") == (0, "", "")
    assert get("svc", "-o", "jsonpath={.items}") == (0, "[]", "")


def test_templates_are_read_from_files(get: Get, tmp_path: Path) -> None:
    (tmp_path / "columns").write_text("NAME PHASE\n.metadata.name .status.phase\n")
    (tmp_path / "path").write_text("{.kind}\n")
    assert get("pod", "web", "-o", f"custom-columns-file={tmp_path}/columns")[1] == "NAME   PHASE\nweb    Running\n"
    assert get("pod", "web", "-o", f"jsonpath-file={tmp_path}/path")[1] == "Pod\n"
    status, _, err = get("pods", "-o", f"jsonpath-file={tmp_path}/none")
    assert (status, err) == (
        1,
        f"error: error reading --template {tmp_path}/none, open {tmp_path}/none: no such file or directory\n",
    )


@pytest.mark.parametrize(
    ("form", "complaint"),
    [
        ("jsonpath", "error: template format specified but no template given\n"),
        ("custom-columns=", "error: custom-columns format specified but no custom columns given\n"),
        ("custom-columns=A", "error: unexpected custom-columns spec: A, expected <header>:<json-path-expr>\n"),
        ("custom-columns=A:.metadata[5].x", "error: map[string]interface {} is not array or slice\n"),
        ("jsonpath={.items[", "error: error parsing jsonpath {.items[, unterminated array\n"),
        (
            "jsonpath={.kind[0]}",
            'error: error executing jsonpath "{.kind[0]}": Error executing template: string is not array or',
        ),
        ("go-template={{.kind}}", "error: -o go-template: PodHub reads no templates of Go's; use jsonpath or custom-columns"),
        ("yml", 'error: unable to match a printer suitable for the output format "yml", allowed formats are: custom-columns,'),
        ("json=1", 'error: unable to match a printer suitable for the output format "json=1"'),
    ],
)
def test_a_form_that_cannot_be_used_is_explained(get: Get, form: str, complaint: str) -> None:
    status, out, err = get("pods", "-o", form)
    assert (status, out) == (1, "")
    assert err.startswith(complaint)


def test_what_a_template_could_not_be_done_with_is_shown(get: Get) -> None:
    shown = get("pod", "api", "-o", "jsonpath={.kind[0]}")[2]
    assert 'object given to jsonpath engine was:\n\t\tmap[string]interface {}{"apiVersion":"v1", "kind":"Pod", ' in shown
    assert '"startTime":interface {}(nil)' in shown


def test_labels_and_fields_select(get: Get) -> None:
    assert get("pods", "-l", "app in (web,x)", "-o", "name") == (0, "pod/web\n", "")
    assert get("pods", "--field-selector", "status.phase!=Running", "-o", "name") == (0, "pod/api\n", "")
    assert get("pods", "-l", "app=zebra") == (0, "", "No resources found in default namespace.\n")
    assert get("pod", "web", "-l", "app=web")[2] == "error: name cannot be provided when a selector is specified\n"
    asked = 'Unable to find "/v1, Resource=pods" that match label selector "", field selector "spec.x=1"'
    why = f"Error from server (BadRequest): {asked}: field label not supported: spec.x\n"
    assert get("pods", "--field-selector", "spec.x=1") == (1, "", why)


def test_who_manages_which_field_is_told_where_that_is_asked_for(get: Get) -> None:
    def told(*words: str) -> Any:
        return json.loads(get("pod", "web", "-o", "json", *words)[1])["metadata"].get("managedFields")

    assert told() is None
    assert told("--show-managed-fields") == [{"manager": "me"}]
