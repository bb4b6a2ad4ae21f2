"""Imports run one way: lifecycle, then podhub.log, podhub.runs and podhub.access, then podhub.api and podhub.web."""

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("layers")  # one process reads the files once

ROOT = Path(__file__).resolve().parent.parent

OUTSIDE = """asyncio celery channels django http logging multiprocessing os pathlib podhub random redis secrets signal socket
subprocess sys tempfile threading time uuid"""
"""What is not to be had inside of a simulation: the world, its clock and its chance."""


def within(package: str, modules: str) -> tuple[str, ...]:
    return tuple(f"{package}.{module}" for module in modules.split())


FORBIDDEN = {
    "lifecycle": tuple(OUTSIDE.split()),
    "lifecycle/core_v1": within(
        "lifecycle",
        "apiserver controllers engine faults kernel kubelet printers programs recorder runtime scheduler seeds wire",
    ),
    "lifecycle/printers": within(
        "lifecycle", "agenda apiserver controllers engine faults kernel kubelet programs recorder runtime scheduler seeds"
    ),
    "lifecycle/programs": within(
        "lifecycle", "apiserver controllers engine faults kubelet printers recorder runtime scheduler"
    ),
    "lifecycle/apiserver": within("lifecycle", "engine kubelet printers scheduler"),
    "lifecycle/scheduler": within("lifecycle", "controllers engine kubelet printers programs"),
    "lifecycle/controllers": within("lifecycle", "engine kubelet printers runtime"),
    "lifecycle/runtime": within("lifecycle", "apiserver controllers engine printers scheduler"),
    "lifecycle/kubelet": within("lifecycle", "engine printers"),
    "podhub/log": (*within("podhub", "access runs api web cli"), "lifecycle.engine"),
    "podhub/access": (*within("podhub", "runs api web cli"), "lifecycle.engine"),
    "podhub/runs": within("podhub", "access api web cli"),
    "podhub/api": (*within("podhub", "web cli"), "lifecycle.engine"),
    "podhub/web": (*within("podhub", "api cli"), "lifecycle.engine"),
}


@cache
def imports(path: Path) -> set[str]:
    """Return the modules that a file imports, and the names from them; all imports here are absolute."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module
            assert not node.level
            found.update((node.module, *(f"{node.module}.{name.name}" for name in node.names)))
    return found


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_a_layer_imports_nothing_from_above(folder: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for name in sorted(imports(path))
        for above in FORBIDDEN[folder]
        if name == above or name.startswith(above + ".")
    ]
    assert wrong == []


def test_the_layers_are_there_to_be_checked() -> None:
    assert [folder for folder in FORBIDDEN if not (ROOT / folder).is_dir()] == []


def test_what_may_not_be_imported_is_there() -> None:
    named = {name for above in FORBIDDEN.values() for name in above if name.startswith(("lifecycle.", "podhub."))}
    paths = [ROOT / name.replace(".", "/") for name in named]
    assert [path.name for path in paths if not path.is_dir() and not path.with_suffix(".py").exists()] == []


def test_what_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {re.split(r"[^\w-]", one)[0].lower() for one in project["dependencies"]}
    files = [path for package in ("lifecycle", "podhub") for path in (ROOT / package).rglob("*.py")]
    imported = {name.partition(".")[0] for path in files for name in imports(path)} - {"lifecycle", "podhub"}
    owners = packages_distributions()
    outside = imported - sys.stdlib_module_names
    assert {name for name in outside if declared.isdisjoint(owner.lower() for owner in owners[name])} == set()
