"""Clusters from the dashboard: made, imported, sped up, dropped."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from podhub.log import clusters, exporting
from podhub.log.models import Cluster, Drop
from podhub.runs.clusters import create_cluster
from tests.podhub.web.conftest import RECORDINGS

LINES = (RECORDINGS / "liveness-exec" / "pods.jsonl").read_bytes()


def test_a_cluster_is_made_with_its_speed_and_seed(transactional_db: None, client: Client) -> None:
    page = client.post("/new/", {"name": "lab", "speed": "10x", "seed": "7"})
    assert (page.status_code, page["Location"]) == (302, "/c/lab/")
    cluster = Cluster.objects.get(name="lab")
    assert (cluster.speed, cluster.seed) == ("10x", 7)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": "Lab", "speed": "1x", "seed": "0"}, "neither begin nor end"),
        ({"name": "a" * 64, "speed": "1x", "seed": "0"}, "63"),
        ({"name": "", "speed": "1x", "seed": "0"}, "required"),
        ({"name": "lab", "speed": "warp", "seed": "0"}, "warp"),
        ({"name": "lab", "speed": "1x", "seed": "many"}, "whole number"),
        ({"name": "lab", "speed": "1x", "seed": "9" * 30}, "9223372036854775807"),
        ({"name": "life", "speed": "1x", "seed": "0"}, "already exists"),
    ],
)
def test_what_cannot_be_made_is_said(recorded: Cluster, client: Client, values: dict[str, str], words: str) -> None:
    page = client.post("/new/", values)
    assert page.status_code == 422
    assert words in page.content.decode()
    assert Cluster.objects.count() == 1


def test_a_recording_is_imported_from_its_files(db: None, client: Client) -> None:
    files = [
        SimpleUploadedFile(f"{name}.jsonl", (RECORDINGS / "liveness-exec" / f"{name}.jsonl").read_bytes())
        for name in ("pods", "events")
    ]
    page = client.post("/import/", {"name": "real", "recording": files})
    assert (page.status_code, page["Location"]) == (302, "/c/real/")
    assert Cluster.objects.get(name="real").head == 46


def test_what_is_exported_is_imported_elsewhere_as_it_was(recorded: Cluster, client: Client) -> None:
    def lines(name: str) -> list[dict[str, Any]]:
        return list(exporting.lines(Cluster.objects.get(name=name)))

    whole = client.get("/c/life/export/")
    assert whole["Content-Disposition"] == 'attachment; filename="life.jsonl.gz"'
    client.post("/import/", {"name": "twin", "recording": SimpleUploadedFile("life.jsonl.gz", whole.content)})
    assert lines("twin") == lines("life")
    pod = client.get("/c/life/pods/liveness-exec/liveness-exec/export/")
    client.post("/import/", {"name": "pod", "recording": SimpleUploadedFile("pod.jsonl.gz", pod.content)})
    assert lines("pod") == [line for line in lines("life") if line["object"]["kind"] in ("Pod", "Event")]
    assert (
        "/pods/liveness-exec/liveness-exec/export/" in client.get("/c/life/pods/liveness-exec/liveness-exec/").content.decode()
    )


@pytest.mark.parametrize("path", ["/c/none/export/", "/c/life/pods/default/none/export/"])
def test_what_is_not_there_is_not_exported(recorded: Cluster, client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_what_was_not_imported_of_an_upload_is_told(db: None, client: Client) -> None:
    files = [
        SimpleUploadedFile("pods.jsonl", LINES + LINES),
        SimpleUploadedFile("bundle.zip", _zip({"a.log": "x", "b.json": "{}"})),
    ]
    page = client.post("/import/", {"name": "real", "recording": files}, follow=True).content.decode()
    assert "14 versions of objects were told more than once and are imported once." in page
    assert "1 file is not imported: its name does not end in .jsonl" in page
    assert "bundle.zip: b.json" in page


def _zip(files: dict[str, str]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return held.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"not json", "line 1"),
        (LINES + b'{"type": "ADDED"}\n', "line 15"),
        (b"", "empty"),
        (b"\x00\xff" * 50, "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_recording_that_is_none_is_refused_at_its_line(db: None, client: Client, data: bytes, words: str) -> None:
    page = client.post("/import/", {"name": "real", "recording": SimpleUploadedFile("pods.jsonl", data)})
    assert page.status_code == 422
    assert words in page.content.decode()
    assert not Cluster.objects.exists()


def test_a_taken_name_is_not_overwritten_by_an_import(recorded: Cluster, client: Client) -> None:
    page = client.post("/import/", {"name": "life", "recording": SimpleUploadedFile("pods.jsonl", LINES)})
    assert page.status_code == 422
    assert "already exists" in page.content.decode()
    assert Cluster.objects.get(name="life").head == recorded.head


def test_a_cluster_is_dropped_by_its_name_alone(recorded: Cluster, client: Client) -> None:
    assert client.post("/c/life/drop/", {"confirm": "lif"}).status_code == 422
    assert Cluster.objects.exists()
    assert client.post("/c/life/drop/", {"confirm": "life"}).status_code == 302
    assert not Cluster.objects.exists()
    assert Drop.objects.get().name == "life"


def test_the_clock_is_set_and_the_change_is_logged(transactional_db: None, client: Client) -> None:
    create_cluster("lab")
    page = client.post("/c/lab/speed/", {"speed": "60x"}, headers={"HX-Request": "true"})
    assert page.status_code == 200
    assert 'value="60x" aria-pressed="true"' in page.content.decode()
    assert Cluster.objects.get(name="lab").speed == "60x"


@pytest.mark.parametrize("speed", ["", "warp", "-1x", "1e9x"])
def test_what_is_no_speed_is_refused(transactional_db: None, client: Client, speed: str) -> None:
    create_cluster("lab")
    page = client.post("/c/lab/speed/", {"speed": speed})
    assert page.status_code == 422
    assert Cluster.objects.get(name="lab").speed == "1x"


def test_a_recordings_clock_cannot_be_set(recorded: Cluster, client: Client) -> None:
    assert client.post("/c/life/speed/", {"speed": "10x"}).status_code == 403


@pytest.mark.parametrize("grace", ["-1", "soon", "999999999"])
def test_a_grace_period_has_to_be_one(transactional_db: None, client: Client, grace: str) -> None:
    create_cluster("lab", speed="paused")
    assert client.post("/c/lab/pods/default/web/delete/", {"grace": grace}).status_code == 422


def test_what_is_not_there_cannot_be_deleted(transactional_db: None, client: Client) -> None:
    create_cluster("lab", speed="paused")
    page = client.post("/c/lab/pods/default/web/delete/", {"grace": "0"})
    assert page.status_code == 404
    assert "not found" in page.content.decode()


def test_a_theme_is_kept_in_a_cookie_and_leads_nowhere_else(db: None, client: Client) -> None:
    page = client.post("/theme/", {"theme": "dark", "next": "https://elsewhere.example/"})
    assert page["Location"] == "/"
    assert 'data-theme="dark"' in client.get("/").content.decode()
    client.post("/theme/", {"theme": "<b>", "next": "/"})
    assert 'data-theme="dark"' in client.get("/").content.decode()


def test_the_site_says_that_it_is_well(db: None, client: Client, settings: Any) -> None:
    settings.TEAM = True
    page = client.get("/healthz")
    assert (page.status_code, page.content) == (200, b"ok")


def test_the_list_of_clusters_costs_no_query_for_each(
    recorded: Cluster, client: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(10):
        clusters.fork(recorded, 5 + number, f"fork-{number}", wall=0)
    assert client.get("/").content.decode().count('class="head"') == 11
    with django_assert_max_num_queries(3):
        client.get("/")
