"""Texts of manifests: read from forms and files, checked as a whole, and turned into requests for a cluster."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Sequence

import msgspec
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lifecycle.core_v1.admission import EmptyCluster
from lifecycle.core_v1.manifests import LARGEST_TEXT, Document, Problem
from lifecycle.core_v1.schema import Kind, kind_of
from lifecycle.core_v1.submission import check as check_text
from lifecycle.wire import Object, Request
from podhub.log import read
from podhub.log.models import Cluster
from podhub.runs.queue import submit
from podhub.web.advice import hint, said, translated
from podhub.web.showing import newest

INITIAL_NAMESPACES = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})
"""Those that every cluster has, and that one which was made this very moment will have."""

NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
LABEL_RULE = gettext_lazy("Use 1 to 63 of a-z, 0-9 and “-”; neither begin nor end with “-”.")

UNPROCESSABLE, CONFLICT, TOO_LARGE = 422, 409, 413


class Finding(msgspec.Struct, frozen=True):
    """What is wrong, or worth a warning, in a text. `status` is the HTTP status that it is refused with."""

    message: str
    line: int | None = None
    field: str = ""
    advice: str = ""
    level: str = "error"
    status: int = UNPROCESSABLE


class Created(msgspec.Struct, frozen=True):
    """An object as the cluster made it."""

    resource: str
    kind: str
    namespace: str
    name: str


class Checked(msgspec.Struct, frozen=True):
    """What a text holds, and what is wrong or odd about it. Where nothing is wrong, all of it may be created."""

    findings: list[Finding]
    requests: list[Request]

    @property
    def refused(self) -> bool:
        return any(finding.level == "error" for finding in self.findings)

    @property
    def status(self) -> int:
        return max((finding.status for finding in self.findings if finding.level == "error"), default=200)


class ClusterObjects:
    """A cluster's objects, as admission asks for them."""

    def __init__(self, view: read.View) -> None:
        self.view = view

    def get(self, resource: str, namespace: str, name: str) -> Object | None:
        version = self.view.find(resource, namespace, name)
        if version is None and resource == "serviceaccounts" and self.get("namespaces", "", namespace) is None:
            # A namespace that is not there is complained about as such; one that the same text makes has its own account.
            return EmptyCluster().get(resource, namespace, name)
        return version.object if version else None

    def list(self, resource: str, namespace: str | None = None) -> Iterable[Object]:
        return (version.object for version in self.view.list(resource, namespace))


def posted(text: str, files: Sequence[UploadedFile[bytes]]) -> tuple[bytes | str, Finding | None]:
    """Return what was posted: the files, one behind the other, or else what the editor held."""
    if not files:
        return text, None
    if sum(file.size or 0 for file in files) > LARGEST_TEXT:
        return "", Finding(_("The files are larger than 3 MiB. Submit them in several parts."), status=TOO_LARGE)
    return b"\n---\n".join(file.read().removeprefix(b"\xef\xbb\xbf") for file in files), None


def shown(source: bytes | str) -> str:
    """Return what the editor can show of a posted text: nothing of a file that is no text."""
    if isinstance(source, str):
        return source
    if source.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return source.decode("utf-16", errors="replace")
    return "" if b"\x00" in source else source.decode(errors="replace")


def check(cluster: Cluster, source: bytes | str, namespace: str, user: str) -> Checked:
    """Test a text as a whole: what it says, and whether the cluster has room for it."""
    if not NAMESPACE.fullmatch(namespace):
        return Checked([Finding(_("“%(name)s” is no name for a namespace.") % {"name": namespace}, advice=str(LABEL_RULE))], [])
    objects = ClusterObjects(newest(cluster).view)
    found = check_text(source, namespace=namespace, objects=objects)
    lines = shown(source).splitlines()
    findings = [_finding(problem, "error", lines) for problem in found.problems]
    findings += [_finding(problem, "warning", lines) for problem in found.warnings]
    requests = [_request(document, namespace, user) for document in found.documents if not found.problems]
    if not found.problems:
        made = INITIAL_NAMESPACES | {one.name for one in requests if one.resource == "namespaces"}
        for document, request in zip(found.documents, requests, strict=True):
            findings += _unplaced(document, request, objects, made)
    return Checked(sorted(findings, key=lambda finding: (finding.level, finding.line or 0)), requests)


def _finding(problem: Problem, level: str, lines: Sequence[str]) -> Finding:
    status = TOO_LARGE if "the limit is 3 MiB" in problem.message else UNPROCESSABLE
    field = "" if problem.field in problem.message else problem.field
    advice = hint(problem.message, lines[max(problem.line - 2, 0) : problem.line]) or translated(problem.what_to_do)
    return Finding(said(problem.message), problem.line, field, advice, level, status)


def _request(document: Document, namespace: str, user: str) -> Request:
    kind, metadata = _kind(document), document.value.get("metadata") or {}
    space = str(metadata.get("namespace") or namespace) if kind.namespaced else ""
    name = str(metadata.get("name") or "")
    return Request("create", kind.plural, kind.group_version, space, name, body=document.value, user=user)


def _kind(document: Document) -> Kind:
    kind = kind_of(document.value.get("apiVersion"), document.value.get("kind"))
    assert kind is not None  # a text with an unknown kind has problems
    return kind


def _unplaced(document: Document, request: Request, objects: ClusterObjects, made: frozenset[str]) -> list[Finding]:
    """Say where a cluster has no place for an object: its name is taken, or its namespace is not there."""
    found = []
    if request.name and objects.get(request.resource, request.namespace, request.name):
        problem = document.problem("metadata.name", f'{request.resource} "{request.name}" already exists')
        found.append(_refused(problem, _("Give it another name, or delete the other one first."), CONFLICT))
    if request.namespace and request.namespace not in made and not objects.get("namespaces", "", request.namespace):
        problem = document.problem("metadata.namespace", f'namespaces "{request.namespace}" not found')
        found.append(_refused(problem, _("Create the namespace first, or use another one."), UNPROCESSABLE))
    return found


def _refused(problem: Problem, advice: str, status: int) -> Finding:
    return Finding(problem.message, problem.line, problem.field, advice, "error", status)


def create(cluster: Cluster, requests: Sequence[Request]) -> tuple[list[Created], Finding | None]:
    """Have everything created, in the order of the text; stop at what the cluster refuses all the same."""
    created: list[Created] = []
    for request in requests:
        answer = submit(cluster, request)
        if answer.code >= 400:
            return created, Finding(_refusal(answer.body.get("message", ""), created), status=answer.code)
        metadata = answer.body.get("metadata") or {}
        name, kind = str(metadata.get("name", request.name)), str(answer.body.get("kind", request.body.get("kind", "")))
        created.append(Created(request.resource, kind, request.namespace, name))
    return created, None


def _refusal(message: str, created: Sequence[Created]) -> str:
    if not created:
        return message
    names = ", ".join(f"{one.kind.lower()}/{one.name}" for one in created)
    return _("%(message)s (created before that: %(names)s)") % {"message": message, "names": names}
