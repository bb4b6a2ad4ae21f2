"""What a client wants to be told, and in which form: the header Accept.

Kubernetes: apiserver/pkg/endpoints/handlers/negotiation
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from lifecycle.apiserver.refused import Refused
from lifecycle.core_v1.status import not_acceptable
from podhub.api.http import JSON, YAML

Form = Literal["", "Table", "PartialObjectMetadata", "PartialObjectMetadataList"]

SERVED = (JSON, YAML)
_WILD = ("*/*", "application/*")


class Wanted(NamedTuple):
    """The media type of the answer, and what the objects are to be made into (empty: as they are)."""

    content_type: str = JSON
    form: Form = ""
    version: str = "v1"

    @property
    def group_version(self) -> str:
        return f"meta.k8s.io/{self.version}"


class Clause(NamedTuple):
    """One media type of an Accept header."""

    type: str
    parameters: dict[str, str]


def clauses(accept: str) -> list[Clause]:
    """Return the media types of a header, the most wanted (`q`) first, else in its order. RFC 9110, section 12.5.1"""
    found = []
    for clause in accept.split(","):
        type, *parameters = (part.strip() for part in clause.split(";"))
        if type:
            pairs = (part.partition("=") for part in parameters)
            found.append(Clause(type.lower(), {name.strip(): value.strip() for name, _, value in pairs}))
    return sorted(found, key=_weight, reverse=True)


def _weight(clause: Clause) -> float:
    """Return how much a media type is wanted; what is no number counts as 1."""
    text = clause.parameters.get("q", "1")
    return float(text) if re.fullmatch(r"[01](\.[0-9]*)?", text) else 1.0


def wanted(accept: str, form: Form = "") -> Wanted:
    """Return the first form of a header that is served. `form` is used where a client asks for PartialObjectMetadata.

    Raises: Refused (406).
    """
    asked = clauses(accept)
    for type, parameters in asked or [Clause(JSON, {})]:
        content_type = JSON if type in _WILD else type
        if content_type not in SERVED or parameters.get("stream", "watch") != "watch":
            continue
        made = parameters.get("as", "")
        if not made:
            return Wanted(content_type)
        if parameters.get("g") == "meta.k8s.io" and parameters.get("v") in ("v1", "v1beta1"):
            if made == "Table":
                return Wanted(content_type, "Table", parameters["v"])
            if made in ("PartialObjectMetadata", "PartialObjectMetadataList"):
                return Wanted(content_type, form or "PartialObjectMetadata", parameters["v"])
    raise Refused(not_acceptable(SERVED))
