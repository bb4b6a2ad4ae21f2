"""What the scheduler says where no node will do. Kubernetes: pkg/scheduler/framework/types.go (FitError)"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

NO_NODES = "no nodes available to schedule pods"
NO_CLAIMS = "no new claims to deallocate"
NEVER_PREEMPTS = "not eligible due to preemptionPolicy=Never."
WAITS_FOR_VICTIMS = "not eligible due to a terminating pod on the nominated node."
CONFLICTING_TERMS = "pod affinity terms conflict"
BINDING_TIMED_OUT = 'running PreBind plugin "VolumeBinding": binding volumes: context deadline exceeded'


def fit_error(nodes: int, reasons: Iterable[str], post_filter: str = "") -> str:
    """Return `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.` and what PostFilter had to say."""
    counted = ", ".join(sorted(f"{count} {reason}" for reason, count in Counter(reasons).items()))
    text = f"0/{nodes} nodes are available: {counted}." if counted else f"0/{nodes} nodes are available:"
    return f"{text} {post_filter}" if post_filter else text


def pre_filter_error(nodes: int, reason: str) -> str:
    """Return what is said where no node was even looked at; the last words are those of a plugin that has lost its state."""
    return f"0/{nodes} nodes are available: {reason}. not found"


def not_preempting(why: str) -> str:
    """Return what PostFilter says where it preempts nobody."""
    return f"{NO_CLAIMS}, preemption: {why}"
