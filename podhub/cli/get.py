"""`podhub get`: print objects as `kubectl get` does, from a cluster as of any moment or from a dump."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from lifecycle.printers import custom_columns, documents
from lifecycle.printers.jsonpath import Unanswerable
from lifecycle.printers.tables import table, table_text
from podhub.cli.errors import CommandError
from podhub.cli.objects import Object, Source, add_source_arguments, open_source, printed, write
from podhub.cli.output import Output, output_of
from podhub.cli.selection import Found, check_selectors, find, narrowed, nothing_found, selections

FORMS = "wide, json, yaml, name, jsonpath=TEMPLATE, jsonpath-as-json=TEMPLATE, custom-columns=HEADER:PATH,..., or ...-file=FILE"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", nargs="+", metavar="WHAT", help="as in: pods; pod web; pod/web svc/web; pods,services")
    add_source_arguments(parser)
    parser.add_argument("-A", "--all-namespaces", action="store_true", help="objects of all namespaces")
    parser.add_argument("-l", "--selector", default="", metavar="LABELS", help="only what has these labels: app=web,tier!=x")
    parser.add_argument("--field-selector", default="", metavar="FIELDS", help="only what has this: status.phase=Running")
    parser.add_argument("-o", "--output", metavar="FORM", help=FORMS)
    parser.add_argument("--show-managed-fields", action="store_true", help="in json and yaml, tell who manages which field")
    parser.add_argument("--show-labels", action="store_true", help="add a column of labels")
    parser.add_argument("--no-headers", action="store_true", help="leave the first line out")


def run(arguments: argparse.Namespace) -> int:
    """Print what was asked for; return 1 where something of it does not exist or cannot be read."""
    asked, output = selections(arguments.what), output_of(arguments.output, arguments.show_managed_fields)
    check_selectors(arguments.what, bool(arguments.selector or arguments.field_selector))
    namespace = None if arguments.all_namespaces else arguments.namespace
    source = open_source(arguments)
    found = [find(source, selection, namespace) for selection in asked]
    results = [narrowed(one, arguments.selector, arguments.field_selector) for one in found]
    missing = [line for result in results for line in result.missing]
    objects = [obj for result in results for obj in result.objects]
    if objects or (output.needs_no_objects and not missing):
        write(printed(objects, lambda: _text(arguments, output, source, results, objects)))
    elif not missing and output.name != "name":
        namespaced = all(result.resource.namespaced for result in results)
        print(nothing_found(namespace if namespaced else None), file=sys.stderr)
    for line in missing:
        print(line, file=sys.stderr)
    return 1 if missing else 0


def _text(
    arguments: argparse.Namespace, output: Output, source: Source, results: Sequence[Found], objects: Sequence[Object]
) -> str:
    if output.managed:
        objects = [source.whole(obj) for obj in objects]
    if output.document:
        single = len(results) == 1 and len(arguments.what) == 1 + ("/" not in arguments.what[0])
        return output.document(objects[0] if single and objects else documents.list_of(objects))
    if output.columns:
        return _custom(output, objects, headers=not arguments.no_headers)
    if output.name == "name":
        return "".join(f"{_prefix(result)}{obj['metadata']['name']}\n" for result in results for obj in result.objects)
    # A type that was listed counts as printed even where nothing came of it, so its neighbours say what they are.
    several = sum(bool(result.objects or not result.missing) for result in results) > 1
    return "\n".join(_table(arguments, source, result, several) for result in results if result.objects)


def _custom(output: Output, objects: Sequence[Object], headers: bool) -> str:
    try:
        return custom_columns.text(output.columns, objects, headers)
    except Unanswerable as wrong:
        raise CommandError(f"error: {wrong}") from None


def _table(arguments: argparse.Namespace, source: Source, result: Found, several: bool) -> str:
    return table_text(
        table(result.resource.plural, result.objects, source.now),
        wide=arguments.output == "wide",
        show_labels=arguments.show_labels,
        namespaces=arguments.all_namespaces and result.resource.namespaced,
        headers=not arguments.no_headers,
        prefix=_prefix(result) if several else "",
    )


def _prefix(result: Found) -> str:
    resource = result.resource
    return f"{resource.kind.lower()}{'.' if resource.group else ''}{resource.group}/"
