"""What the environment decides, each in a process of its own."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from podhub import settings

SOURCE = Path(settings.__file__).read_text()


def started(data: Path, ask: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    names = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ALLOWED_HOSTS"}
    bare = {name: value for name, value in os.environ.items() if name not in names}
    script = f"from podhub import settings as s; print({ask or 's.TEAM'})"
    full = {**bare, "PODHUB_DATA": str(data), **environment}
    return subprocess.run([sys.executable, "-c", script], env=full, capture_output=True, text=True)


def test_embedded_it_keeps_a_key_of_its_own_that_nobody_else_may_read(tmp_path: Path) -> None:
    data = tmp_path / "made" / "data"
    first, second = started(data, "s.SECRET_KEY").stdout, started(data, "s.SECRET_KEY").stdout
    assert first == second
    assert len(first.strip()) >= 50
    assert stat.S_IMODE((data / "secret-key").stat().st_mode) == 0o600
    assert [path.name for path in data.iterdir()] == ["secret-key"]


def test_embedded_it_answers_to_loopback_names_alone_without_debug_pages(tmp_path: Path) -> None:
    assert started(tmp_path, "s.ALLOWED_HOSTS, s.DEBUG").stdout == "['localhost', '127.0.0.1', '[::1]'] False\n"


@pytest.mark.parametrize(
    ("given", "missing"),
    [({}, "SECRET_KEY"), ({"SECRET_KEY": "k"}, "ALLOWED_HOSTS"), ({"SECRET_KEY": "", "ALLOWED_HOSTS": "x"}, "SECRET_KEY")],
)
def test_for_a_team_it_does_not_start_without(tmp_path: Path, given: dict[str, str], missing: str) -> None:
    run = started(tmp_path, REDIS_URL="redis://127.0.0.1:1/0", **given)
    assert run.returncode != 0
    assert f"{missing} must be set where REDIS_URL is set (for a team), for example {missing}=" in run.stderr


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from a file")
    assert started(tmp_path, "s.SECRET_KEY", SECRET_KEY_FILE=str(tmp_path / "key")).stdout == "from a file\n"


@pytest.mark.parametrize("url", ["mysql://a@b/c", "oracle://a@b/c"])
def test_another_database_is_refused(tmp_path: Path, url: str) -> None:
    assert "DATABASE_URL: PodHub keeps its log in SQLite or PostgreSQL" in started(tmp_path, DATABASE_URL=url).stderr


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"DEBUG": "perhaps"}, "DEBUG: 'perhaps' is neither on nor off"),
        ({"HTTPS": "onn"}, "HTTPS: 'onn' is neither on nor off"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL: 'LOUD' is none of DEBUG, INFO, WARNING, ERROR"),
        ({"DATABASE_URL": "postgres://a@b/c", "DATABASE_POOL": "x"}, "DATABASE_POOL: invalid literal"),
        ({"DATABASE_URL": "postgres://a@b/c", "DATABASE_POOL": "0"}, "DATABASE_POOL: 0 connections are too few"),
        ({"DATABASE_URL_FILE": "/no/such/file"}, "DATABASE_URL_FILE: /no/such/file cannot be read: No such file"),
        ({"REDIS_URL": "127.0.0.1"}, "REDIS_URL: expected redis://HOST"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_its_name(tmp_path: Path, given: dict[str, str], said: str) -> None:
    assert f"ImproperlyConfigured: {said}" in started(tmp_path, **given).stderr


@pytest.mark.parametrize(("text", "on"), [("on", "True"), ("True", "True"), ("1", "True"), ("off", "False"), ("", "False")])
def test_what_is_on_or_off_is_said_in_the_usual_words(tmp_path: Path, text: str, on: str) -> None:
    assert started(tmp_path, "s.HTTPS", HTTPS=text).stdout.strip() == on


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "PODHUB_DATA:" in started(tmp_path / "file" / "data").stderr


def test_every_name_that_is_read_from_the_environment_is_documented() -> None:
    read = set(re.findall(r'env\.\w+\(\s*"(\w+)"', SOURCE)) | set(re.findall(r'_required\("(\w+)"', SOURCE))
    documented = set(re.findall(r"^\| ([A-Z_]+) \|", SOURCE, re.M))
    assert read == documented


def test_the_image_collects_its_static_files_as_a_team_serves_them(tmp_path: Path) -> None:
    dockerfile = (Path(settings.BASE_DIR) / "Dockerfile").read_text()
    given = re.search(r"((?:[A-Z_]+=\S+ )+)python manage\.py collectstatic", dockerfile)
    assert given
    environment = dict(part.split("=", 1) for part in given[1].split())
    served = started(tmp_path, 's.STORAGES["staticfiles"]', REDIS_URL="redis://redis", SECRET_KEY="k", ALLOWED_HOSTS="h").stdout
    assert "Manifest" in served
    assert started(tmp_path, 's.STORAGES["staticfiles"]', **environment).stdout == served
