"""`podhub events`: print Events as `kubectl events` does, from a cluster as of any moment or from a dump."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from lifecycle.printers.events import events_text
from podhub.cli.errors import CommandError
from podhub.cli.objects import Object, add_source_arguments, open_source, printed, write
from podhub.cli.resources import named

TYPES = ("Normal", "Warning")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_source_arguments(parser)
    parser.add_argument("-A", "--all-namespaces", action="store_true", help="Events of all namespaces")
    parser.add_argument("--for", dest="of", metavar="TYPE/NAME", help="only Events about this object, such as pod/web")
    parser.add_argument("--types", metavar="TYPE", help="only Normal or only Warning Events (with a comma: both)")
    parser.add_argument("--no-headers", action="store_true", help="leave the first line out")


def run(arguments: argparse.Namespace) -> int:
    """Print Events; return 1 where they cannot be read."""
    kind, name = _subject(arguments.of)
    types = _types(arguments.types)
    namespace = None if arguments.all_namespaces else arguments.namespace
    source = open_source(arguments)
    events = [event for event in source.list("events", namespace) if _asked_for(event, kind, name, types)]
    if not events:
        print("No events found." if namespace is None else f"No events found in {namespace} namespace.", file=sys.stderr)
        return 0
    text = printed(events, lambda: events_text(events, source.now, namespaces=arguments.all_namespaces))
    write(text.partition("\n")[2] if arguments.no_headers else text)
    return 0


def _subject(of: str | None) -> tuple[str, str]:
    """Return the kind and the name that --for tells; empty where it is not given."""
    if of is None:
        return "", ""
    word, _, name = of.partition("/")
    if not word or not name:
        raise CommandError(f"error: --for: {of!r} is not TYPE/NAME, such as pod/web")
    resource = named(word)
    if resource is None:
        raise CommandError(f'error: the server doesn\'t have a resource type "{word}"')
    return resource.kind, name


def _types(text: str | None) -> Sequence[str]:
    types = [word.strip() for word in text.split(",")] if text else []
    for word in types:
        if word.lower() not in map(str.lower, TYPES):
            raise CommandError("error: valid --types are Normal or Warning")
    return [word.lower() for word in types]


def _asked_for(event: Object, kind: str, name: str, types: Sequence[str]) -> bool:
    about = event.get("involvedObject") or {}
    if name and (about.get("kind"), about.get("name")) != (kind, name):
        return False
    return not types or str(event.get("type", "")).lower() in types
