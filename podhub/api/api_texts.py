"""What Kubernetes' own documentation says about its types: the docstrings of the package lightkube-models.

They are read, not executed: the package's modules need a client that nothing here asks for.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from importlib.util import find_spec
from inspect import cleandoc
from pathlib import Path
from typing import NamedTuple

_FIELD = re.compile(r"^\* \*\*(?P<name>[\w$-]+)\*\* ``(?P<type>.*?)`` - ?(?P<text>.*)$", re.DOTALL)
_ITEM = re.compile(r"(?:[-*+]|\d+[.)])\s")
"""The beginning of an item of a list."""

WIDTH = 77
"""How long the package lets a line become."""

TAB = 8
INDENT = " " * 6
"""What stands before each line that is said of a type."""


class FieldText(NamedTuple):
    """What is said of a field. `required` is whether its type is no Optional; `type` is the one within."""

    text: str
    required: bool
    type: str = ""


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
    return {node.name: _type_text(ast.get_docstring(node, clean=False) or "") for node in classes}


def _type_text(docstring: str) -> TypeText:
    about, _, parameters = docstring.partition("**parameters**")
    parameters = cleandoc(parameters)
    matches = (_FIELD.match(part.strip()) for part in re.split(r"\n(?=\* \*\*)", parameters))
    return TypeText(_joined(about), {match["name"]: _field_text(match) for match in matches if match})


def _field_text(match: re.Match[str]) -> FieldText:
    optional = re.fullmatch(r"Optional\[(.*)\]", match["type"])
    return FieldText(_unwrapped(match["text"]), optional is None, optional[1] if optional else match["type"])


def _joined(about: str) -> str:
    """Return what is said of a type: its paragraphs, which the package keeps apart, each in one line, examples as they are."""
    paragraphs = re.split(r"\n\s*\n", "\n".join(line.removeprefix(INDENT) for line in about.strip().split("\n")))
    return "\n\n".join(part.rstrip() if part.startswith("\t") else _unwrapped(part) for part in paragraphs)


def _unwrapped(text: str) -> str:
    """Return a text with the line breaks that it had before the package wrapped it.

    The wrapping has ended a line if the next word would not have fitted; else the original has. There a paragraph begins
    after an empty line, which the package leaves out, but neither a list's next item nor an indented line does.
    """
    lines = text.expandtabs().split("\n")
    out = before = lines[0].strip()
    among = deep = False
    for line in (line.removeprefix("  ") for line in lines[1:]):
        content = line.strip()
        indent, item = len(line) - len(line.lstrip()), bool(_ITEM.match(content))
        if not content:
            continue
        if not indent and len(before) + 1 + len(content.split()[0]) > WIDTH:
            out += f" {content}"
        else:
            tabs = "\t" * (indent // TAB) + " " * (indent % TAB)
            out += ("\n" if indent or (among and item) or deep else "\n\n") + tabs + content
            among, deep = item, bool(indent)
        before = line.rstrip()
    return out
