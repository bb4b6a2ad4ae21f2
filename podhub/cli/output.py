"""What `podhub get -o` takes: the forms in which objects are printed, in kubectl's words.

Kubernetes: cli-runtime/pkg/genericclioptions (print_flags, jsonpath_flags), kubectl/pkg/cmd/get
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from lifecycle.core_v1 import field, go_value
from lifecycle.printers import custom_columns, documents, jsonpath
from lifecycle.printers.custom_columns import Column
from lifecycle.printers.jsonpath import Unanswerable
from lifecycle.printers.jsonpath_syntax import BadTemplate, Part, parse
from podhub.cli.errors import CommandError
from podhub.cli.objects import Object

PLAIN = ("json", "name", "wide", "yaml")
DOCUMENTS = {"json": (documents.json_text, documents.json_value), "yaml": (documents.yaml_text, documents.yaml_value)}
"""How a document is printed without, and with, who manages which field."""

JSONPATH = ("jsonpath", "jsonpath-as-json", "jsonpath-file")
COLUMNS = ("custom-columns", "custom-columns-file")
GO = ("go-template", "go-template-file", "template", "templatefile")


class Output(NamedTuple):
    """A form. `document` prints one object or a v1 List, `columns` a table of any objects; without both it is a Table's."""

    name: str = ""
    document: Callable[[Object], str] | None = None
    columns: Sequence[Column] = ()
    managed: bool = False
    """Whether it may tell who manages which field."""

    @property
    def needs_no_objects(self) -> bool:
        """Whether there is something to print where there are no objects, too."""
        return bool(self.document or self.columns)


def output_of(text: str | None, managed: bool = False) -> Output:
    """Read what -o says; `managed` has whole objects tell who manages which field. Raises: CommandError in kubectl's words."""
    name, equals, argument = (text or "").partition("=")
    if not equals and name in ("", "name", "wide"):
        return Output(name)
    if not equals and name in DOCUMENTS:
        plain, whole = DOCUMENTS[name]
        return Output(name, whole if managed else plain, managed=managed)
    if name in GO:
        raise CommandError(f"error: -o {name}: PodHub reads no templates of Go's; use jsonpath or custom-columns, or kubectl")
    if name not in (*JSONPATH, *COLUMNS):
        allowed = ",".join(sorted((*PLAIN, *JSONPATH, *COLUMNS)))
        why = f'unable to match a printer suitable for the output format "{text}"'
        raise CommandError(f"error: {why}, allowed formats are: {allowed}")
    if not argument and name in COLUMNS:
        raise CommandError("error: custom-columns format specified but no custom columns given")
    if not argument:
        raise CommandError("error: template format specified but no template given")
    return _columns(name, argument) if name in COLUMNS else _jsonpath(name, argument)


def _columns(name: str, argument: str) -> Output:
    read = custom_columns.columns_of_file if name.endswith("-file") else custom_columns.columns
    template = _file(argument, "template") if name.endswith("-file") else argument
    try:
        return Output(name, columns=read(template), managed=True)
    except BadTemplate as wrong:
        raise CommandError(f"error: {wrong}") from None


def _jsonpath(name: str, argument: str) -> Output:
    template = _file(argument, "--template") if name.endswith("-file") else argument
    try:
        parts = parse(template)
    except BadTemplate as wrong:
        raise CommandError(f"error: error parsing jsonpath {template}, {wrong}") from None
    form = jsonpath.json_form if name == "jsonpath-as-json" else jsonpath.render
    return Output(name, lambda obj: _executed(form, template, parts, obj), managed=True)


def _executed(form: Callable[[Sequence[Part], Object], str], template: str, parts: Sequence[Part], obj: Object) -> str:
    try:
        return form(parts, obj)
    except Unanswerable as wrong:
        more = "Printing more information for debugging the template:"
        shown = f"\ttemplate was:\n\t\t{template}\n\tobject given to jsonpath engine was:\n\t\t{go_value.literal(obj)}\n\n"
        why = f"Error executing template: {wrong}. {more}\n{shown}"
        raise CommandError(f"error: error executing jsonpath {field.quote(template)}: {why}") from None


def _file(path: str, what: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as wrong:
        raise CommandError(f"error: error reading {what} {path}, open {path}: {(wrong.strerror or '').lower()}") from None
    except UnicodeDecodeError as wrong:
        raise CommandError(f"error: {path}: byte {wrong.start + 1} is no UTF-8 text") from None
