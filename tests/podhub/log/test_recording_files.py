"""The folders, archives and encodings that recordings come in."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from podhub.log import importing
from podhub.log.errors import BadRecording
from podhub.log.importing import Recording

POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web", "namespace": "shop", "uid": "u", "creationTimestamp": "2026-11-21T12:00:00Z"},
}
PODS = json.dumps({"apiVersion": "v1", "kind": "PodList", "items": [POD]})
YAML = """apiVersion: v1
kind: EventList
items:
- metadata: {name: web.1, namespace: shop, creationTimestamp: "2026-11-21T12:00:03Z"}
  involvedObject: {kind: Pod, name: web, uid: u}
  reason: Killing
"""
NOTHING_TOLD = "{}"
FILES = {
    "cluster-resources/pods/shop.json": PODS,
    "namespaces/shop/core/events.yaml": YAML,
    "namespaces/empty/core/pods.json": '{"apiVersion": "v1", "kind": "PodList", "items": []}',
    "namespaces/shop/pods/web/web/logs/current.log": "2026-11-21T12:00:01Z hello",
    "version.json": '{"major": "1"}',
    ".cache/pods.json": "never read",
}


def names(recording: Recording) -> list[str]:
    return [item.object["metadata"]["name"] for item in recording.items]  # type: ignore[union-attr]


def folder(at: Path) -> Path:
    for name, text in FILES.items():
        (at / name).parent.mkdir(parents=True, exist_ok=True)
        (at / name).write_text(text)
    return at


def tarred() -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        for name, text in FILES.items():
            member = tarfile.TarInfo(f"bundle/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return held.getvalue()


def zipped() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in FILES.items():
            archive.writestr(f"bundle/{name}", text)
    return held.getvalue()


@pytest.mark.parametrize("form", ["folder", "tar.gz", "zip"])
def test_a_support_bundle_is_read_with_all_that_is_in_it(form: str, tmp_path: Path) -> None:
    if form == "folder":
        found = importing.load(folder(tmp_path))
    else:
        found = importing.read([("bundle", io.BytesIO(tarred() if form == "tar.gz" else zipped()))])
    assert names(found) == ["web.1", "web"] or names(found) == ["web", "web.1"]
    passed = {file.name.rpartition("/")[2].rpartition(" ")[2]: file.why for file in found.passed}
    assert passed.keys() == {"current.log", "version.json"}
    assert passed["current.log"].startswith("its name does not end in .jsonl")
    assert passed["version.json"].startswith("line 1: expected what kubectl get -o json")


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(PODS.encode()),
        PODS.encode("utf-16"),
        b"\xef\xbb\xbf" + PODS.encode(),
        json.dumps([POD], indent=2).encode(),
        json.dumps(POD, indent=4).encode(),
        json.dumps(POD).encode() + b"\r\n",
        b"---\n" + json.dumps(POD).encode(),
    ],
    ids=["gzip", "a Windows shell's UTF-16", "a byte order mark", "an array", "one object", "one line", "YAML"],
)
def test_one_file_may_be_written_as_this(data: bytes) -> None:
    assert names(importing.read([("pods", io.BytesIO(data))])) == ["web"]


def test_several_files_are_one_recording() -> None:
    files = [("pods.json", PODS.encode()), ("events.yaml", YAML.encode()), ("none.json", b'{"kind": "List", "items": []}')]
    assert len(importing.read([(name, io.BytesIO(data)) for name, data in files]).items) == 2


BAD: dict[str, tuple[bytes, str]] = {
    "half an archive": (tarred()[:-20], "bad: cannot be unpacked: "),
    "half a zip": (zipped()[:-30], "bad: cannot be unpacked: "),
    "half a gzip": (gzip.compress(PODS.encode())[:-12], "bad: cannot be unpacked: "),
    "half a List": (PODS.encode()[:-9], "bad: line 1: not JSON: what begins here was cut off; take it again"),
    "half a stream": (
        json.dumps(POD, indent=4).encode() + b"\n" + json.dumps(POD, indent=4).encode()[:-40],
        "bad: line 11: not JSON: what begins here was cut off; take it again, or remove it from this line on",
    ),
    "a comma too much": (
        b'{\n"kind": "List",\n"items": [,]}',
        "bad: line 3: not JSON: expecting value, in what begins in line 1",
    ),
    "no number": (b'{\n"kind": NaN}', "bad: line 1: not JSON: NaN"),
    "a picture": (b"\x89PNG\r\n\x1a\n\xff", "bad: line 1: not JSON: no UTF-8 text"),
    "kubectl get": (b"NAME   READY   STATUS\nweb    1/1     Running\n", "bad: line 1: expected what kubectl get -o json"),
    "kubectl describe": (b"Name:  web\nStatus: Running\nLabels: a: b\n", "bad: line 3: neither JSON nor YAML: "),
    "an answer": (
        b'{"kind": "Status", "apiVersion": "v1", "message": "pods is forbidden"}',
        "bad: line 1: this is no object, but what a server answered: 'pods is forbidden'",
    ),
    "an alias bomb": (
        b"a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        + b"".join(b"%c: &%c [%s]\n" % (i, i, b",".join([b"*%c" % (i - 1)] * 10)) for i in range(98, 108)),
        "bad: line 7: neither JSON nor YAML: more than 2,000,000 values",
    ),
}


@pytest.mark.parametrize(("data", "text"), BAD.values(), ids=BAD)
def test_what_cannot_be_read_is_named_with_its_place(data: bytes, text: str) -> None:
    with pytest.raises(BadRecording) as error:
        importing.read([("bad", io.BytesIO(data))])
    assert str(error.value).startswith(text)


def test_what_unpacks_to_more_than_is_allowed_is_refused() -> None:
    with pytest.raises(BadRecording, match=r"bomb: too large: the texts of a recording may have 1 MiB, unpacked"):
        importing.read([("bomb", io.BytesIO(gzip.compress(b" " * (2 << 20))))], 1 << 20)


def test_a_broken_file_beside_others_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "pods.json").write_text(PODS)
    (tmp_path / "events.json").write_text('{"kind": "EventList"')
    (tmp_path / "packed.json.gz").write_bytes(b"\x1f\x8b nothing")
    found = importing.load(tmp_path)
    assert names(found) == ["web"]
    assert [(Path(file.name).name, file.why.partition(";")[0]) for file in found.passed] == [
        ("events.json", "line 1: not JSON: what begins here was cut off"),
        ("packed.json.gz", "cannot be unpacked: Unknown compression method"),
    ]


def test_beside_json_lines_a_folder_holds_no_part_of_the_recording(tmp_path: Path) -> None:
    (tmp_path / "pods.jsonl").write_text(json.dumps(POD))
    (tmp_path / "manifest.yaml").write_text("kind: Pod")
    found = importing.load(tmp_path)
    assert (names(found), found.passed) == (["web"], ())
