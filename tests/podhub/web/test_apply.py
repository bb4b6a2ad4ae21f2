"""What people give to the editor: all of it is created, or nothing, and what is wrong is said at its line."""

from __future__ import annotations

import re
import time
from html import unescape
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from podhub.log.models import Cluster, Entry
from podhub.runs.clusters import create_cluster
from podhub.runs.models import QueuedRequest

MANIFESTS = Path(__file__).parents[2] / "data" / "manifests"
URL = "/c/lab/apply/"

GOOD = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\nspec:\n  containers:\n  - name: app\n    image: nginx\n"


@pytest.fixture
def lab(transactional_db: None) -> Cluster:
    """A simulated cluster whose clock stands."""
    return create_cluster("lab", speed="paused")


def findings(html: str) -> list[tuple[str, str]]:
    """Return the (line, text) of each finding on a page."""
    items = re.findall(r'<li data-level="error" data-line="(\d*)">(.*?)</li>', html, re.DOTALL)
    return [(line, " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())) for line, text in items]


def stored(cluster: Cluster) -> tuple[int, int]:
    return Entry.objects.filter(cluster_id=cluster.pk).count(), QueuedRequest.objects.count()


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)

BAD = {
    "not YAML": ("this: is: not: yaml", "1", "mapping values are not allowed"),
    "a tab": ("apiVersion: v1\nkind: Pod\nmetadata:\n\tname: web\n", "4", "cannot start any token"),
    "an open bracket": ("apiVersion: v1\nkind: Pod\nmetadata: {name: web\nspec: [\n", "", "did not find"),
    "one bad of several": (
        GOOD.format(name="web") + "---\napiVersion: v1\nkind: Pood\nmetadata:\n  name: x\n",
        "11",
        "Did you mean Pod?",
    ),
    "nothing": ("", "1", "no objects in this text"),
    "a comment alone": ("# nothing here\n", "1", "no objects in this text"),
    "a list": ("- apiVersion: v1\n- kind: Pod\n", "1", "an object is wanted here, not a list"),
    "a word": ("hello", "1", "an object is wanted here, not text"),
    "an unknown kind": ("apiVersion: v1\nkind: Flower\nmetadata:\n  name: rose\n", "2", 'no matches for kind "Flower"'),
    "an unknown field": (GOOD.format(name="web") + "    imge: nginx\n", "9", 'unknown field "spec.containers[0].imge"'),
    "a wrong type": (GOOD.format(name="web") + "    ports: 80\n", "9", "ports"),
    "a missing field": (
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: app\n",
        "7",
        "image",
    ),
    "no name": (
        "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - {name: app, image: nginx}\n",
        "",
        "name or generateName is required",
    ),
    "a control character": ("apiVersion: v1\nkind: Pod\nmetadata: {name: \x07}\n", "3", "control characters are not allowed"),
    "an alias bomb": (BOMB, "", "more than"),
    "a thousand levels": ("a: " + "[" * 1000 + "]" * 1000, "1", "nested"),
    "the same name twice": (GOOD.format(name="web") + "---\n" + GOOD.format(name="web"), "13", "already exists"),
    "no such namespace": (
        GOOD.format(name="web").replace("metadata:\n", "metadata:\n  namespace: nowhere\n"),
        "4",
        "not found",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_told_at_its_line_and_nothing_is_stored(lab: Cluster, client: Client, name: str) -> None:
    text, line, words = BAD[name]
    before = stored(lab)
    begun = time.perf_counter()
    page = client.post(URL, {"manifest": text, "namespace": "default"})
    assert time.perf_counter() - begun < 2
    assert page.status_code == 422
    found = findings(page.content.decode())
    assert any(words in message and (not line or at == line) for at, message in found), found
    assert stored(lab) == before


HINTS = {
    "a Deployment": (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n",
        "submit the Pod in its spec.template,",
        "请提交其 spec.template 中的 Pod",
    ),
    "a CronJob": (
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: web}\n",
        "submit the Pod in its spec.jobTemplate.spec.template,",
        "请提交其 spec.jobTemplate.spec.template 中的 Pod",
    ),
    "a blank of full width": (
        "apiVersion: v1\nkind: Pod\nmetadata:\n\u3000name: web\n",
        "Indent with plain spaces",
        "请用普通空格缩进",
    ),
    "a colon of full width": ("apiVersion\uff1av1\nkind: Pod\n", "Write plain punctuation", "请使用半角标点"),
    "a chart's template": (
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Values.name }}\n",
        "submit what comes of it",
        "请提交它生成的结果",
    ),
    "no text": (b"\x89PNG\r\n\x1a\n\x00\x00", "byte 0x89 is not text in UTF-8", "字节 0x89 不是 UTF-8 文本"),
}


@pytest.mark.parametrize("name", HINTS)
def test_what_to_do_instead_is_told_in_both_languages(lab: Cluster, client: Client, name: str) -> None:
    text, english, chinese = HINTS[name]
    for language, expected in (("en", english), ("zh-hans", chinese)):
        data = {"file": SimpleUploadedFile("pod.yaml", text)} if isinstance(text, bytes) else {"manifest": text}
        html = client.post(URL, data, headers={"accept-language": language}).content.decode()
        assert any(expected in message for _, message in findings(html)), findings(html)


def test_chinese_text_in_a_value_is_no_mistake(lab: Cluster, client: Client) -> None:
    text = "# 中文：注释\n" + GOOD.format(name="web").replace(
        "name: web", 'name: web\n  annotations: {note: "你好，世界：{{ }}"}'
    )
    assert client.post(URL, {"manifest": text}).status_code == 302


def test_a_file_that_is_no_text_is_not_shown_in_the_editor(lab: Cluster, client: Client) -> None:
    html = client.post(URL, {"file": SimpleUploadedFile("pod.yaml", b"\x89PNG\x00\x01")}).content.decode()
    assert re.search(r"<textarea[^>]*>\n</textarea>", html)
    told = client.post(URL, {"file": SimpleUploadedFile("pod.yaml", "kind: Pud\n".encode("utf-16"))}).content.decode()
    assert "kind: Pud" in told


def test_a_namespace_that_can_be_none_is_told_without_a_line(lab: Cluster, client: Client) -> None:
    page = client.post(URL, {"manifest": GOOD.format(name="web"), "namespace": "Not One"})
    assert page.status_code == 422
    assert findings(page.content.decode())[0] == (
        "",
        "– “Not One” is no name for a namespace. Use 1 to 63 of a-z, 0-9 and “-”; neither begin nor end with “-”.",
    )


def test_the_text_is_kept_where_it_was_refused(lab: Cluster, client: Client) -> None:
    text = BAD["an unknown field"][0]
    html = client.post(URL, {"manifest": text}).content.decode()
    area = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", html, re.DOTALL)
    assert area
    assert unescape(area[1]).strip() == text.strip()


def test_a_name_that_is_taken_is_a_conflict(lab: Cluster, client: Client) -> None:
    text = GOOD.format(name="web")
    assert client.post(URL, {"manifest": text}).status_code == 302
    before = stored(lab)
    page = client.post(URL, {"manifest": text})
    assert page.status_code == 409
    assert findings(page.content.decode())[0][0] == "4"
    assert stored(lab)[0] == before[0]


@pytest.mark.parametrize("field", ["manifest", "file"])
def test_ten_megabytes_are_too_large(lab: Cluster, client: Client, field: str) -> None:
    data = b"# " + b"x" * (10 * 1024 * 1024)
    value = SimpleUploadedFile("big.yaml", data) if field == "file" else data.decode()
    before = stored(lab)
    page = client.post(URL, {field: value})
    assert page.status_code == 413
    assert stored(lab) == before


def test_binary_files_are_refused_with_words(lab: Cluster, client: Client) -> None:
    page = client.post(URL, {"file": SimpleUploadedFile("a.yaml", bytes(range(256)) * 100)})
    assert page.status_code == 422
    assert findings(page.content.decode())


def test_a_pod_is_created_and_led_to(lab: Cluster, client: Client) -> None:
    page = client.post(URL, {"manifest": GOOD.format(name="web"), "namespace": "default"})
    assert (page.status_code, page["Location"]) == (302, "/c/lab/pods/default/web/")
    assert client.get(page["Location"]).status_code == 200


def test_several_files_are_one_text(lab: Cluster, client: Client) -> None:
    files = [SimpleUploadedFile(f"{name}.yaml", GOOD.format(name=name).encode()) for name in ("one", "two")]
    page = client.post(URL, {"file": files})
    assert (page.status_code, page["Location"]) == (302, "/c/lab/")
    html = client.get("/c/lab/").content.decode()
    assert all(f'data-key="default/{name}"' in html for name in ("one", "two"))


def test_a_key_that_stands_twice_is_a_warning(lab: Cluster, client: Client) -> None:
    text = GOOD.format(name="web") + "    image: busybox\n"
    page = client.post(URL, {"manifest": text}, follow=True)
    assert page.status_code == 200
    assert "stands twice" in unescape(page.content.decode())


@pytest.mark.parametrize("file", sorted((MANIFESTS / "invalid").glob("*.yaml")), ids=lambda file: file.stem)
def test_manifests_with_a_mistake_of_indentation_are_told_where(lab: Cluster, client: Client, file: Path) -> None:
    text = file.read_text()
    before = stored(lab)
    page = client.post(URL, {"manifest": text})
    assert page.status_code == 422
    expected = {
        "fields-under-ports": "volumeMounts:",
        "hook-at-spec-level": "lifecycle:",
        "metadata-not-indented": "name:",
    }[file.stem]
    line = next(number for number, line in enumerate(text.splitlines(), 1) if line.strip(" -").startswith(expected))
    assert str(line) in [at for at, _ in findings(page.content.decode())]
    assert stored(lab) == before


@pytest.mark.parametrize("name", [file.stem for file in sorted((MANIFESTS.parents[2] / "podhub/web/gallery").glob("*.yaml"))])
def test_every_manifest_of_the_gallery_can_be_created(lab: Cluster, client: Client, name: str) -> None:
    page = client.get(URL, {"manifest": name}).content.decode()
    area = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)
    assert area
    assert client.post(URL, {"manifest": unescape(area[1]), "namespace": "default"}).status_code == 302
