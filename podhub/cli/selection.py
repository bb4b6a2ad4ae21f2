"""Which objects a command line asks for: `pod web`, `pods`, `pod/web svc/web`, `pods,services`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lifecycle.apiserver.refused import Refused
from lifecycle.apiserver.selectors import selection
from podhub.cli.errors import CommandError
from podhub.cli.objects import Object, Source
from podhub.cli.resources import Resource, named

ALL, CATEGORY = "all", ("pods", "services")
"""What stands for the resources of discovery's category `all`, and which they are."""


class Selection(NamedTuple):
    """One resource, and the names asked for; no names are all objects."""

    resource: Resource
    names: tuple[str, ...]


class Found(NamedTuple):
    """What there is of a selection, and a line for each name that there is not."""

    resource: Resource
    objects: list[Object]
    missing: list[str]


def selections(words: Sequence[str]) -> list[Selection]:
    """Read the words of a command. Raises: CommandError in kubectl's words."""
    if any("/" in word for word in words):
        return _by_type_and_name(words)
    kinds, names = words[0], tuple(words[1:])
    plurals = [plural for word in kinds.split(",") for plural in (CATEGORY if word == ALL else (word,))]
    return [Selection(_resource(plural), names) for plural in plurals]


def find(source: Source, selection: Selection, namespace: str | None) -> Found:
    """Look a selection up; `namespace` None means all, in which names cannot be asked for."""
    resource, names = selection
    if not names:
        return Found(resource, list(source.list(resource.plural, namespace)), [])
    if namespace is None and resource.namespaced:
        raise CommandError("error: a resource cannot be retrieved by name across all namespaces")
    looked_up = [(name, source.find(resource.plural, namespace or "", name)) for name in names]
    missing = [not_found(resource, name) for name, obj in looked_up if obj is None]
    return Found(resource, [obj for _, obj in looked_up if obj is not None], missing)


def check_selectors(words: Sequence[str], selected: bool) -> None:
    """Refuse selectors beside names. Raises: CommandError in kubectl's words."""
    if selected and any("/" in word for word in words):
        raise CommandError("error: selectors and the all flag cannot be used when passing resource/name arguments")
    if selected and len(words) > 1:
        raise CommandError("error: name cannot be provided when a selector is specified")


def narrowed(found: Found, labels: str, fields: str) -> Found:
    """Return what selectors leave of it. Raises: CommandError in kubectl's words."""
    try:
        matches = selection({"labelSelector": [labels], "fieldSelector": [fields]}, found.resource.qualified).matches
    except Refused as wrong:
        resource = f"{found.resource.group}/v1, Resource={found.resource.plural}"
        asked = f'label selector "{labels}", field selector "{fields}"'
        why = f'Unable to find "{resource}" that match {asked}: {wrong}'
        raise CommandError(f"Error from server (BadRequest): {why}") from None
    return found._replace(objects=[obj for obj in found.objects if matches(obj)])


def not_found(resource: Resource, name: str) -> str:
    return f'Error from server (NotFound): {resource.qualified} "{name}" not found'


def nothing_found(namespace: str | None) -> str:
    """Return what kubectl says where there is nothing to print."""
    return "No resources found" if namespace is None else f"No resources found in {namespace} namespace."


def _resource(word: str) -> Resource:
    resource = named(word)
    if resource is None:
        raise CommandError(f'error: the server doesn\'t have a resource type "{word}"')
    return resource


def _by_type_and_name(words: Sequence[str]) -> list[Selection]:
    by_resource: dict[Resource, list[str]] = {}
    for word in words:
        kind, slash, name = word.partition("/")
        if not slash:
            raise CommandError(f"error: {word!r} has no type before a slash, as the other words have: pod/{word}")
        if not kind or not name or "/" in name:
            raise CommandError("error: arguments in resource/name form must have a single resource and name")
        by_resource.setdefault(_resource(kind), []).append(name)
    return [Selection(resource, tuple(names)) for resource, names in by_resource.items()]
