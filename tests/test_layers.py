"""Imports run one way: lifecycle, then podhub.log, podhub.runs and podhub.access, then podhub.api and podhub.web."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

FORBIDDEN = {
    "lifecycle": ("podhub", "django", "celery", "channels", "redis", "time", "random", "socket", "subprocess", "threading"),
    "podhub/log": ("podhub.access", "podhub.runs", "podhub.api", "podhub.web", "podhub.cli"),
    "podhub/access": ("podhub.runs", "podhub.api", "podhub.web", "podhub.cli"),
    "podhub/runs": ("podhub.access", "podhub.api", "podhub.web", "podhub.cli"),
    "podhub/api": ("podhub.web", "podhub.cli"),
    "podhub/web": ("podhub.api", "podhub.cli"),
    "lifecycle/printers": (
        "lifecycle.engine",
        "lifecycle.apiserver",
        "lifecycle.kubelet",
        "lifecycle.scheduler",
        "lifecycle.controllers",
        "lifecycle.programs",
    ),
    "lifecycle/core_v1": ("lifecycle.kernel", "lifecycle.engine", "lifecycle.apiserver", "lifecycle.kubelet"),
    "lifecycle/programs": ("lifecycle.kubelet", "lifecycle.apiserver", "lifecycle.scheduler", "lifecycle.controllers"),
}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_a_layer_imports_nothing_from_above(folder: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for name in imports(path)
        for above in FORBIDDEN[folder]
        if name == above or name.startswith(above + ".")
    ]
    assert wrong == []


def test_the_layers_are_there_to_be_checked() -> None:
    assert [folder for folder in FORBIDDEN if not (ROOT / folder).is_dir() and folder != "podhub/api"] == []
