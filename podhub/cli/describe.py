"""`podhub describe`: print objects as `kubectl describe` does, from a cluster as of any moment or from a dump."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from lifecycle.printers.describe import RELATED, describe
from podhub.cli.objects import Object, Source, add_source_arguments, open_source, printed, write
from podhub.cli.selection import Selection, find, nothing_found, selections


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", nargs="+", metavar="WHAT", help="as in: pod web; pods; pod/web svc/web")
    add_source_arguments(parser)
    parser.add_argument("-A", "--all-namespaces", action="store_true", help="objects of all namespaces")
    parser.add_argument("--show-events", type=_boolean, metavar="BOOL", help="whether to print Events (of one object, yes)")


def run(arguments: argparse.Namespace) -> int:
    """Print what was asked for; return 1 where something of it does not exist or cannot be read."""
    asked = selections(arguments.what)
    namespace = None if arguments.all_namespaces else arguments.namespace
    source = open_source(arguments)
    results = [find(source, selection, namespace) for selection in asked]
    objects = [obj for result in results for obj in result.objects]
    missing = [line for result in results for line in result.missing]
    begun = _begun(source, asked[0], namespace) if missing and not objects and len(arguments.what) == 2 else []
    if begun:
        write(printed(begun, lambda: "".join(_text(source, obj, arguments.show_events) + "\n" for obj in begun)))
        return 0
    show_events = len(objects) == 1 and not missing if arguments.show_events is None else arguments.show_events
    write(printed(objects, lambda: "\n\n".join(_text(source, obj, show_events) for obj in objects)))
    if not objects and not missing:
        print(nothing_found(namespace), file=sys.stderr)
    for line in missing:
        print(line, file=sys.stderr)
    return 1 if missing else 0


def _begun(source: Source, selection: Selection, namespace: str | None) -> Sequence[Object]:
    """Return the objects whose names begin with the one asked for, which kubectl describes where that does not exist."""
    objects = source.list(selection.resource.plural, namespace)
    return [obj for obj in objects if obj["metadata"]["name"].startswith(selection.names[0])]


def _text(source: Source, obj: Object, show_events: bool | None) -> str:
    events = source.events_of(obj) if show_events else None
    related = {resource: source.list(resource, None) for resource in RELATED.get(obj["kind"], ())}
    return describe(obj, events, source.now, related)


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return text.lower() == "true"
