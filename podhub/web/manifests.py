"""Texts of manifests: read from forms and files, checked as a whole, and turned into requests for a cluster."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from lifecycle.wire import Request
from podhub.log.models import Cluster
from podhub.runs.queue import submit

MOST_BYTES = 3 * 1024 * 1024


class Finding(msgspec.Struct, frozen=True):
    """What is wrong, or worth a warning, in a text. `status` is the HTTP status that it is refused with."""

    message: str
    line: int | None = None
    field: str = ""
    level: str = "error"
    status: int = 422
    too_large: bool = False


class Created(msgspec.Struct, frozen=True):
    resource: str
    kind: str
    namespace: str
    name: str


class Checked(msgspec.Struct, frozen=True):
    findings: list[Finding]
    creates: list[Request]

    @property
    def refused(self) -> bool:
        return any(finding.level == "error" for finding in self.findings)

    @property
    def status(self) -> int:
        return max((finding.status for finding in self.findings if finding.level == "error"), default=200)

    def requests(self, user: str) -> list[Request]:
        return [msgspec.structs.replace(request, user=user) for request in self.creates]


def posted(text: str, files: Sequence[UploadedFile]) -> tuple[str, Finding | None]:
    """Return the text that was posted: files, one document after another, or else what the editor held."""
    return text, None


def check(cluster: Cluster, text: str, namespace: str) -> Checked:
    return Checked([Finding(_("Nothing can be checked yet."))], [])


def create(cluster: Cluster, requests: Sequence[Request]) -> tuple[list[Created], Finding | None]:
    created: list[Created] = []
    for request in requests:
        submit(cluster, request)
    return created, None
