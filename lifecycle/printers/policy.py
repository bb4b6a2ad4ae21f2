"""`kubectl describe` of what sets limits: ResourceQuotas, LimitRanges, PodDisruptionBudgets and PriorityClasses.

Kubernetes: kubectl/pkg/describe.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lifecycle.clock import Micros
from lifecycle.core_v1.quantity import NANO, Quantity, parse
from lifecycle.printers.events import described_with_events
from lifecycle.printers.layout import described
from lifecycle.printers.metadata import UNSET, Object, boolean, label_selector
from lifecycle.printers.rows import format_labels

SCOPES = {
    "Terminating": (
        "Matches all pods that have an active deadline. "
        "These pods have a limited lifespan on a node before being actively terminated by the system."
    ),
    "NotTerminating": (
        "Matches all pods that do not have an active deadline. "
        "These pods usually include long running pods whose container command is not expected to terminate."
    ),
    "BestEffort": (
        "Matches all pods that do not have resource requirements set. These pods have a best effort quality of service."
    ),
    "NotBestEffort": (
        "Matches all pods that have at least one resource requirement set. "
        "These pods have a burstable or guaranteed quality of service."
    ),
}
"""What the scopes of a quota mean; there are no words for the others."""

LIMITS = ("Type", "Resource", "Min", "Max", "Default Request", "Default Limit", "Max Limit/Request Ratio")
LIMIT_FIELDS = ("min", "max", "defaultRequest", "default", "maxLimitRequestRatio")


def describe_resource_quota(quota: Object) -> str:
    metadata = quota["metadata"]
    lines = [f"Name:\t{metadata['name']}", f"Namespace:\t{metadata.get('namespace', '')}"]
    return described([*lines, *_scopes(quota, " "), "Resource\tUsed\tHard", "--------\t----\t----", *_usage(quota, True)])


def quota_section(quotas: Iterable[Object]) -> Iterator[str]:
    """Yield what the description of a Namespace says of its quotas."""
    found = sorted(quotas, key=lambda quota: str(quota["metadata"]["name"]))
    yield "Resource Quotas" if found else "No resource quota."
    for quota in found:
        yield f"  Name:\t{quota['metadata']['name']}"
        yield from (f"  {line}" for line in _scopes(quota, ""))
        yield "  Resource\tUsed\tHard"
        yield "  --------\t---\t---"
        yield from (f"  {line}" for line in _usage(quota, False))


def _scopes(quota: Object, indent: str) -> Iterator[str]:
    scopes = sorted((quota.get("spec") or {}).get("scopes") or ())
    if scopes:
        yield f"Scopes:\t{', '.join(scopes)}"
    yield from (f"{indent}* {SCOPES[scope]}" for scope in scopes if scope in SCOPES)


def _usage(quota: Object, alike: bool) -> Iterator[str]:
    """Yield what is used of what is allowed; `alike`: in suffixes of the same family, for which it is rounded up."""
    status = quota.get("status") or {}
    used = status.get("used") or {}
    for name, hard in sorted((status.get("hard") or {}).items()):
        amount, limit = parse(str(used.get(name) or 0)), parse(str(hard))
        if alike and amount.format != limit.format:
            amount = Quantity(amount.value() * NANO, limit.format)
        yield f"{name}\t{amount}\t{limit}"


def describe_limit_range(limits: Object) -> str:
    metadata = limits["metadata"]
    lines = [f"Name:\t{metadata['name']}", f"Namespace:\t{metadata.get('namespace', '')}"]
    return described([*lines, *_limits_table([limits], "")])


def limits_section(ranges: Sequence[Object]) -> Iterator[str]:
    """Yield what the description of a Namespace says of its LimitRanges."""
    yield "Resource Limits" if ranges else "No LimitRange resource."
    if ranges:
        yield from _limits_table(ranges, " ")


def _limits_table(ranges: Iterable[Object], indent: str) -> Iterator[str]:
    """Yield the rows of all limits; those of one item by resource, where kubectl has them in any order."""
    yield indent + "\t".join(LIMITS)
    yield indent + "\t".join("-" * len(title) for title in LIMITS)
    for item in (item for limits in ranges for item in (limits.get("spec") or {}).get("limits") or ()):
        given = [item.get(field) or {} for field in LIMIT_FIELDS]
        for name in sorted(set().union(*given)):
            yield indent + "\t".join((item.get("type", ""), name, *(str(one.get(name) or "-") for one in given)))


def describe_pod_disruption_budget(budget: Object, events: Sequence[Object] | None, now: Micros) -> str:
    metadata, spec, status = budget["metadata"], budget.get("spec") or {}, budget.get("status") or {}
    lines = [f"Name:\t{metadata['name']}", f"Namespace:\t{metadata.get('namespace', '')}"]
    if spec.get("minAvailable") is not None and spec["minAvailable"] != "":
        lines.append(f"Min available:\t{spec['minAvailable']}")
    elif "maxUnavailable" in spec:
        lines.append(f"Max unavailable:\t{spec['maxUnavailable']}")
    lines += [f"Selector:\t{label_selector(spec['selector']) if 'selector' in spec else UNSET}", "Status:"]
    for title, field in (
        ("Allowed disruptions", "disruptionsAllowed"),
        ("Current", "currentHealthy"),
        ("Desired", "desiredHealthy"),
        ("Total", "expectedPods"),
    ):
        lines.append(f"    {title}:\t{status.get(field) or 0}")
    return described_with_events(lines, events, now)


def describe_priority_class(priority_class: Object, events: Sequence[Object] | None, now: Micros) -> str:
    metadata = priority_class["metadata"]
    lines = [
        f"Name:\t{metadata['name']}",
        f"Value:\t{priority_class.get('value') or 0}",
        f"GlobalDefault:\t{boolean(priority_class.get('globalDefault'))}",
        f"PreemptionPolicy:\t{priority_class.get('preemptionPolicy', '')}",
        f"Description:\t{priority_class.get('description', '')}",
        f"Annotations:\t{format_labels(metadata.get('annotations'))}",
    ]
    return described_with_events(lines, events, now)
