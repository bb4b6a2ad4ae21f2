"""What a Pod asks a node for, in whole numbers."""

from __future__ import annotations

from lifecycle.core_v1 import resources
from lifecycle.wire import Object

Amounts = dict[str, int]
"""Resource name to amount: millicores of cpu, bytes of memory, whole numbers of all else."""

DEFAULT_CPU = 100
DEFAULT_MEMORY = 200 * 1024 * 1024
"""What a container that asks for nothing counts for where nodes are compared. Kubernetes: scheduler/util/pod_resources.go"""


def of_pod(pod: Object) -> Amounts:
    """Return what must be free on a node."""
    return whole(resources.pod_requests(pod["spec"]))


def whole(amounts: resources.Amounts) -> Amounts:
    """Return quantities as whole numbers, rounded up."""
    return {name: amount.milli_value() if name == "cpu" else amount.value() for name, amount in amounts.items()}


def for_comparison(pod: Object, requested: Amounts) -> tuple[int, int]:
    """Return millicores and bytes as they count where nodes are compared: something even for those who ask for nothing."""
    asking = [resources.requests_of(container) for container in pod["spec"].get("containers") or ()]
    cpu = requested.get("cpu", 0) + sum(DEFAULT_CPU for own in asking if "cpu" not in own)
    memory = requested.get("memory", 0) + sum(DEFAULT_MEMORY for own in asking if "memory" not in own)
    return cpu, memory
