"""What Kubernetes' own documentation says about its types: the docstrings of the package lightkube-models.

They are read, not executed: the package's modules need a client that nothing here asks for.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

_FIELD = re.compile(r"^\* \*\*(?P<name>[\w$-]+)\*\* ``(?P<type>.*?)`` - ?(?P<text>.*)$", re.DOTALL)


class FieldText(NamedTuple):
    """What is said of a field. `required` is whether its type is no Optional."""

    text: str
    required: bool


class TypeText(NamedTuple):
    """What is said of a type, and of its fields."""

    text: str = ""
    fields: dict[str, FieldText] = {}


@cache
def texts(module: str) -> dict[str, TypeText]:
    """Return the texts of a module's types by name: of `core_v1`, `meta_v1`, `discovery_v1` ..."""
    spec = find_spec(f"lightkube.models.{module}")
    if spec is None or spec.origin is None:
        return {}
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    classes = (node for node in tree.body if isinstance(node, ast.ClassDef))
    return {node.name: _type_text(ast.get_docstring(node) or "") for node in classes}


def _type_text(docstring: str) -> TypeText:
    about, _, parameters = docstring.partition("**parameters**")
    matches = (_FIELD.match(part.strip()) for part in re.split(r"\n(?=\s*\* \*\*)", parameters))
    fields = {
        match["name"]: FieldText(_unwrapped(match["text"]), not match["type"].startswith("Optional"))
        for match in matches
        if match
    }
    return TypeText(_unwrapped(about), fields)


def _unwrapped(text: str) -> str:
    """Join the lines of each paragraph."""
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return "\n\n".join(re.sub(r"\s*\n\s*", " ", paragraph).strip() for paragraph in paragraphs)
