"""`podhub get`: print objects as `kubectl get` does, from a cluster as of any moment or from a dump."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from lifecycle.printers.tables import table, table_text
from podhub.cli.objects import CommandError, Object, Source, add_source_arguments, open_source, printed, write
from podhub.cli.selection import Found, find, nothing_found, selections

FORMS = ("wide", "json", "yaml", "name")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", nargs="+", metavar="WHAT", help="as in: pods; pod web; pod/web svc/web; pods,services")
    add_source_arguments(parser)
    parser.add_argument("-A", "--all-namespaces", action="store_true", help="objects of all namespaces")
    parser.add_argument("-o", "--output", choices=FORMS, help="more columns, or whole objects")
    parser.add_argument("--show-labels", action="store_true", help="add a column of labels")
    parser.add_argument("--no-headers", action="store_true", help="leave the first line out")


def run(arguments: argparse.Namespace) -> int:
    """Print what was asked for; return 1 where something of it does not exist or cannot be read."""
    try:
        return _run(arguments)
    except CommandError as wrong:
        print(wrong, file=sys.stderr)
        return 1


def _run(arguments: argparse.Namespace) -> int:
    asked = selections(arguments.what)
    namespace = None if arguments.all_namespaces else arguments.namespace
    source = open_source(arguments)
    results = [find(source, selection, namespace) for selection in asked]
    missing = [line for result in results for line in result.missing]
    objects = [obj for result in results for obj in result.objects]
    if objects or (arguments.output in ("json", "yaml") and not missing):
        write(printed(objects, lambda: _text(arguments, source, results, objects)))
    elif not missing and arguments.output != "name":
        namespaced = all(result.resource.namespaced for result in results)
        print(nothing_found(namespace if namespaced else None), file=sys.stderr)
    for line in missing:
        print(line, file=sys.stderr)
    return 1 if missing else 0


def _text(arguments: argparse.Namespace, source: Source, results: Sequence[Found], objects: Sequence[Object]) -> str:
    if arguments.output in ("json", "yaml"):
        from lifecycle.printers import documents

        single = len(results) == 1 and len(arguments.what) == 1 + ("/" not in arguments.what[0])
        form = documents.json_text if arguments.output == "json" else documents.yaml_text
        return form(objects[0] if single and objects else documents.list_of(objects))
    if arguments.output == "name":
        return "".join(f"{_prefix(result)}{obj['metadata']['name']}\n" for result in results for obj in result.objects)
    # A type that was listed counts as printed even where nothing came of it, so its neighbours say what they are.
    several = sum(bool(result.objects or not result.missing) for result in results) > 1
    return "\n".join(_table(arguments, source, result, several) for result in results if result.objects)


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
