"""docker-compose.yml and the Dockerfile, held against what there is: settings, programs, their options, the README."""

from __future__ import annotations

import ast
import importlib
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import celery.bin.celery
import pytest
import yaml
from django.core.management import get_commands, load_command_class
from uvicorn.main import main as uvicorn_command

from podhub import settings

ROOT = Path(settings.__file__).parents[1]
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OWN = {name: service for name, service in SERVICES.items() if service["image"] == "podhub"}
DOCKERFILE = (ROOT / "Dockerfile").read_text()
README = (ROOT / "README.md").read_text()

VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(?:(:[-?])([^{}]*))?\}")


def filled(text: str, **given: str) -> str:
    """Put variables in as Compose does: ${NAME:-default}, ${NAME:?complaint}, $$ for a $."""

    def value(match: re.Match[str]) -> str:
        name, kind, rest = match.groups()
        if not given.get(name):
            assert kind != ":?", rest
        return given.get(name) or (rest if kind == ":-" else "")

    return VARIABLE.sub(value, text).replace("$$", "$")


GIVEN = {"SECRET_KEY": "key", "POSTGRES_PASSWORD": "word", "ALLOWED_HOSTS": "podhub.example"}
"""What the README tells to write into .env."""


def environment(**given: str) -> dict[str, str]:
    return {name: filled(value, **GIVEN, **given) for name, value in OWN["web"]["environment"].items()}


def documented() -> set[str]:
    """Return the names in the README's table of settings."""
    table = README.partition("## Settings")[2].partition("## ")[0]
    return set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))


def test_what_the_readme_has_written_into_env_is_what_it_asks_for() -> None:
    asked = {name for name, kind, _ in VARIABLE.findall(TEXT) if kind == ":?"}
    block = README.partition("$ cat > .env <<END\n")[2].partition("END\n")[0]
    assert {line.partition("=")[0] for line in block.splitlines()} == asked == set(GIVEN)


def test_all_settings_of_a_team_can_be_given() -> None:
    assert set(OWN["web"]["environment"]) <= documented()
    assert documented() - set(OWN["web"]["environment"]) == {"PODHUB_DATA", "DEBUG"}
    for service in OWN.values():
        assert service["environment"] == OWN["web"]["environment"]


@pytest.mark.parametrize("given", [{}, {"HTTPS": "on", "CSRF_TRUSTED_ORIGINS": "https://podhub.example", "LOG_LEVEL": "DEBUG"}])
def test_the_settings_take_it(given: dict[str, str], tmp_path: Path) -> None:
    bare = {name: value for name, value in os.environ.items() if name not in documented()}
    ask = "print(s.TEAM, s.HTTPS, s.CSRF_TRUSTED_ORIGINS, s.DATABASES['default']['HOST'], 'podhub.example' in s.ALLOWED_HOSTS)"
    command = [sys.executable, "-c", f"from podhub import settings as s; {ask}"]
    full = {**bare, **environment(**given), "PODHUB_DATA": str(tmp_path)}
    done = subprocess.run(command, env=full, cwd=ROOT, capture_output=True, text=True)
    origins = [given["CSRF_TRUSTED_ORIGINS"]] if given else []
    assert done.stdout == f"True {bool(given)} {origins} postgres True\n", done.stderr


def test_services_wait_for_those_that_there_are_and_that_can_say_they_are_well() -> None:
    for service in SERVICES.values():
        for name, wish in service.get("depends_on", {}).items():
            assert wish["condition"] in ("service_healthy", "service_completed_successfully")
            assert wish["condition"] == "service_completed_successfully" or "healthcheck" in SERVICES[name]
            assert wish["condition"] == "service_healthy" or SERVICES[name]["restart"] == "no"
    hosts = re.findall(r"@(\w+):\d+/|redis://(\w+):", TEXT)
    assert {one or other for one, other in hosts} == {"postgres", "redis"} <= set(SERVICES)


def test_volumes_are_declared() -> None:
    used = {volume.partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert used == set(COMPOSE["volumes"])


def commands() -> list[list[str]]:
    """Return what the services, their health checks, the Dockerfile and the README have run by PodHub's image."""
    found = [shlex.split(service["command"]) for service in OWN.values()]
    for service in OWN.values():
        kind, *words = service.get("healthcheck", {"test": ["NONE"]})["test"]
        found += [words] if kind == "CMD" else [shlex.split(filled(words[0]))] if kind == "CMD-SHELL" else []
    found.append([str(word) for word in ast.literal_eval(DOCKERFILE.rpartition("CMD ")[2].strip())])
    found += [shlex.split(line) for line in re.findall(r"docker compose exec web (.+)", README)]
    return found


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_is_one_that_its_program_understands(command: list[str]) -> None:
    program, *words = command
    assert Path(sys.executable).with_name(program).exists()
    match program:
        case "uvicorn":
            context = uvicorn_command.make_context("uvicorn", words)
            module, _, name = context.params["app"].partition(":")
            assert callable(getattr(importlib.import_module(module), name))
        case "celery":
            group = celery.bin.celery.celery
            name = next(word for word in words if word in group.commands)
            at = words.index(name)
            assert words[:at] == ["--app", "podhub"]
            assert {option for option in words[at:] if option.startswith("--")} <= _options(group.commands[name])
        case "podhub":
            tool = str(Path(sys.executable).with_name("podhub"))
            done = subprocess.run([tool, words[0], "--help"], cwd=ROOT, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            assert all(word in done.stdout for word in words if word.startswith("--"))
        case "python" if words[0] == "-c":
            compile(words[1], "a health check", "exec")
            assert "/healthz" in words[1]
        case "python":
            assert (ROOT / words[0]).exists()
            load_command_class(get_commands()[words[1]], words[1]).create_parser(words[0], words[1]).parse_args(words[2:])
        case _:
            pytest.fail(f"{program}: nobody has said what it is")


def _options(command: Any) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts}


def test_the_image_holds_what_it_needs() -> None:
    copied = [word for line in re.findall(r"^COPY (.+)$", DOCKERFILE, re.MULTILINE) for word in line.split()[:-1]]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    for needed in ("pyproject.toml", "README.md", "manage.py", "lifecycle", "podhub", "templates", "static", "locale"):
        assert needed in copied
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert not set(copied) & set(ignored)
