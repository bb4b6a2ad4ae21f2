"""`kubectl describe` of Namespaces, ConfigMaps, Secrets and ServiceAccounts.

Kubernetes: kubectl/pkg/describe.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Iterator, Sequence

from lifecycle.clock import Micros
from lifecycle.printers.events import described_with_events
from lifecycle.printers.layout import described
from lifecycle.printers.metadata import NONE, Object, annotation_lines, label_lines, name_block, time_text
from lifecycle.printers.policy import limits_section, quota_section

TOKEN_TYPE = "kubernetes.io/service-account-token"


def describe_namespace(namespace: Object, quotas: Iterable[Object], limits: Iterable[Object]) -> str:
    """Return the description of a Namespace; of `quotas` and `limits` those in it are looked at."""
    metadata, status = namespace["metadata"], namespace.get("status") or {}
    own = [[x for x in found if x["metadata"].get("namespace") == metadata["name"]] for found in (quotas, limits)]
    lines = [
        f"Name:\t{metadata['name']}",
        *label_lines("Labels", metadata.get("labels")),
        *annotation_lines(metadata.get("annotations")),
        f"Status:\t{status.get('phase', '')}",
        *_conditions(status),
        *("", *quota_section(own[0])),
        *("", *limits_section(own[1])),
    ]
    return described(lines)


def _conditions(status: Object) -> Iterator[str]:
    if status.get("conditions"):
        yield "Conditions:"
        yield "  Type\tStatus\tLastTransitionTime\tReason\tMessage"
        yield "  ----\t------\t------------------\t------\t-------"
    for c in status.get("conditions") or ():
        since = time_text(c.get("lastTransitionTime"))
        yield f"  {c['type']}\t{c.get('status', '')}\t{since}\t{c.get('reason', '')}\t{c.get('message', '')}"


def describe_config_map(config_map: Object, events: Sequence[Object] | None, now: Micros) -> str:
    lines = [*name_block(config_map), "", "Data", "===="]
    for key, value in sorted((config_map.get("data") or {}).items()):
        lines += [f"{key}:", "----", value, ""]
    lines += ["", "BinaryData", "===="]
    lines += [f"{key}: {_size(value)} bytes" for key, value in sorted((config_map.get("binaryData") or {}).items())]
    return described_with_events([*lines, ""], events, now)


def describe_secret(secret: Object) -> str:
    """Return the description of a Secret: how long each value is, and a ServiceAccount's token itself."""
    kind = secret.get("type", "")
    lines = [*name_block(secret), "", f"Type:\t{kind}", "", "Data", "===="]
    for key, value in sorted((secret.get("data") or {}).items()):
        shown = key == "token" and kind == TOKEN_TYPE
        lines.append(f"{key}:\t{b64decode(value).decode(errors='replace') if shown else f'{_size(value)} bytes'}")
    return described(lines)


def describe_service_account(account: Object, events: Sequence[Object] | None, now: Micros) -> str:
    title = "Image pull secrets:"
    names = [secret.get("name", "") for secret in account.get("imagePullSecrets") or ()] or [NONE]
    lines = [*name_block(account), *(f"{'' if i else title:19}\t{name}" for i, name in enumerate(names))]
    return described_with_events(lines, events, now)


def _size(value: str) -> int:
    return len(b64decode(value))
