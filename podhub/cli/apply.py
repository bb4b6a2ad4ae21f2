"""`podhub apply`: create what a file holds, or change what is there already, all of it or nothing."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from podhub.cli.database import ready
from podhub.cli.errors import CommandError
from podhub.cli.log_source import told
from podhub.cli.objects import DEFAULT_CLUSTER

if TYPE_CHECKING:
    from lifecycle.core_v1.manifests import Document
    from lifecycle.core_v1.schema import Kind
    from lifecycle.wire import Answer, Request
    from podhub.log.read import View

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

STRATEGIC = "application/strategic-merge-patch+json"

QUERY = {"fieldManager": ["kubectl-client-side-apply"], "fieldValidation": ["Strict"]}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-f", "--filename", required=True, metavar="FILE", help="manifests, YAML or JSON; -: standard input")
    parser.add_argument("-n", "--namespace", default="default", help="for objects that name none (default)")
    parser.add_argument("--cluster", default=DEFAULT_CLUSTER, metavar="NAME", help=f"the cluster ({DEFAULT_CLUSTER})")


def run(arguments: argparse.Namespace) -> int:
    """Apply; return 1 where anything is wrong: with the text (nothing is done then), or with one object in the cluster."""
    source = _read(arguments.filename)
    ready()
    with told():
        return _apply(source, arguments)


def _read(path: str) -> bytes:
    if path == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(path).read_bytes()
    except OSError as wrong:
        raise CommandError(f"error: the path {path!r} cannot be read: {wrong.strerror}") from None


def _apply(source: bytes, arguments: argparse.Namespace) -> int:
    from lifecycle.core_v1.submission import check
    from podhub.log import clusters
    from podhub.log.read import View
    from podhub.runs import answers as outcomes
    from podhub.runs.queue import submit_all

    cluster = clusters.named(arguments.cluster)
    if not cluster.takes_requests:
        raise CommandError(server_error(outcomes.read_only(cluster)))
    there = _Objects(View(cluster, cluster.head))
    checked = check(source, namespace=arguments.namespace, objects=there)
    said = {f"{odd.field}: {odd.message}" for odd in checked.warnings}
    for odd in checked.warnings:
        print(f"Warning: {arguments.filename}: {odd}", file=sys.stderr)
    if checked.problems:
        raise CommandError("\n".join(f"error: {arguments.filename}: {problem}" for problem in checked.problems))
    plans = [_planned(there, document, arguments.namespace) for document in checked.documents]
    answers = iter(submit_all(cluster, [plan.request for plan in plans if plan.request is not None], checked=True))
    done = [_told(plan, next(answers) if plan.request else None, said) for plan in plans]
    return 0 if all(done) else 1


class _Objects:
    """A cluster's objects, as admission asks for them; each is read once, and what is not there not at all."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._names: dict[str, Collection[tuple[str, str]]] = {}
        self._found: dict[tuple[str, str, str], dict[str, Any] | None] = {}
        self._lists: dict[tuple[str, str | None], list[dict[str, Any]]] = {}

    def get(self, resource: str, namespace: str, name: str) -> dict[str, Any] | None:
        if resource not in self._names:
            self._names[resource] = self._view.names(resource)
        if (namespace, name) not in self._names[resource]:
            return None
        key = resource, namespace, name
        if key not in self._found:
            version = self._view.find(*key)
            self._found[key] = version.object if version else None
        return self._found[key]

    def list(self, resource: str, namespace: str | None = None) -> Iterable[dict[str, Any]]:
        key = resource, namespace
        if key not in self._lists:
            self._lists[key] = [version.object for version in self._view.list(resource, namespace)]
        return self._lists[key]


class Plan(NamedTuple):
    """What is to be done about one object; without a request nothing."""

    kind: Kind
    name: str
    word: str
    request: Request | None = None


def _planned(there: _Objects, document: Document, namespace: str) -> Plan:
    """Return whether an object is to be created, changed or left alone."""
    from lifecycle.core_v1.schema import kind_of

    kind = kind_of(document.value.get("apiVersion"), document.value.get("kind"))
    assert kind is not None  # a text with an unknown kind has problems
    manifest = _manifest(document.value, kind, namespace)
    metadata = manifest["metadata"]
    name = str(metadata.get("name") or "")
    found = there.get(kind.plural, metadata.get("namespace", ""), name) if name else None
    if found is None:
        return Plan(kind, name, "created", _create(kind, manifest))
    last = (found["metadata"].get("annotations") or {}).get(LAST_APPLIED)
    if last == metadata["annotations"][LAST_APPLIED]:
        return Plan(kind, name, "unchanged")
    gone = _removed(json.loads(last or "{}"), manifest)
    return Plan(kind, name, "configured", _patch(kind, _merged(manifest, gone)))


def _manifest(value: dict[str, Any], kind: Kind, namespace: str) -> dict[str, Any]:
    """Return what is sent: the object as it was written, its namespace and, as kubectl does it, itself in an annotation."""
    metadata = dict(value.get("metadata") or {})
    if kind.namespaced:
        metadata.setdefault("namespace", namespace)
    annotations = {key: text for key, text in (metadata.get("annotations") or {}).items() if key != LAST_APPLIED}
    plain = {**value, "metadata": {**metadata, "annotations": annotations}}
    last = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    return {**plain, "metadata": {**plain["metadata"], "annotations": {**annotations, LAST_APPLIED: last}}}


def _removed(last: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Return what takes away the fields that were applied last time and are not written any more."""
    gone: dict[str, Any] = {}
    for key, value in last.items():
        if key not in new:
            gone[key] = None
        elif isinstance(value, dict) and isinstance(new[key], dict):
            inner = _removed(value, new[key])
            gone |= {key: inner} if inner else {}
    return gone


def _merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    return first | {key: _merged(first[key], value) if value and key in first else value for key, value in second.items()}


def _create(kind: Kind, manifest: dict[str, Any]) -> Request:
    from lifecycle.wire import Request

    return Request(
        "create", kind.plural, kind.group_version, manifest["metadata"].get("namespace", ""), query=QUERY, body=manifest
    )


def _patch(kind: Kind, manifest: dict[str, Any]) -> Request:
    from lifecycle.wire import Request

    metadata = manifest["metadata"]
    body = {key: value for key, value in manifest.items() if key not in ("apiVersion", "kind")}
    where = ("patch", kind.plural, kind.group_version, metadata.get("namespace", ""), metadata["name"])
    return Request(*where, content_type=STRATEGIC, query=QUERY, body=body)


def _told(plan: Plan, answer: Answer | None, said: set[str]) -> bool:
    """Say what was done, or why it was not, and the warnings that were not `said`; return whether it was done."""
    for warning in answer.warnings if answer else ():
        if warning not in said:
            print(f"Warning: {warning}", file=sys.stderr)
        said.add(warning)
    if answer and answer.code >= 400:
        print(server_error(answer), file=sys.stderr)
        return False
    name = answer.body["metadata"]["name"] if answer else plan.name
    print(f"{_qualified(plan.kind)}/{name} {plan.word}")
    return True


def _qualified(kind: Kind) -> str:
    return f"{kind.kind.lower()}.{kind.group}" if kind.group else kind.kind.lower()


def server_error(answer: Answer) -> str:
    """Return a refusal as kubectl prints it."""
    reason, message = answer.body.get("reason", ""), answer.body.get("message", "")
    if reason == "Invalid":
        return f"The {message}" if message.split(" ", 1)[0].istitle() else f"error: {message}"
    return f"Error from server ({reason}): {message}" if reason else f"Error from server: {message}"
