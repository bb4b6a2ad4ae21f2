"""What the scheduler says where no node will do. Kubernetes: pkg/scheduler/framework/types.go (FitError)"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from lifecycle.scheduler.filters import Rejection

NO_NODES = "no nodes available to schedule pods"
NO_CLAIMS = "no new claims to deallocate"
NO_VICTIMS = "No preemption victims found for incoming pod"
NOT_HELPFUL = "Preemption is not helpful for scheduling"
NEVER_PREEMPTS = "not eligible due to preemptionPolicy=Never."


def fit_error(nodes: int, reasons: Iterable[str], post_filter: str = "") -> str:
    """Return `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.` and what PostFilter had to say."""
    counted = ", ".join(sorted(f"{count} {reason}" for reason, count in Counter(reasons).items()))
    text = f"0/{nodes} nodes are available: {counted}." if counted else f"0/{nodes} nodes are available:"
    return f"{text} {post_filter}" if post_filter else text


def no_victims(rejections: Iterable[Rejection], preempts: bool) -> str:
    """Return what PostFilter says where no Pod can be preempted."""
    rejections = list(rejections)
    if not preempts:
        return f"{NO_CLAIMS}, preemption: {NEVER_PREEMPTS}"
    tried = [NO_VICTIMS if rejection.preemption_helps else NOT_HELPFUL for rejection in rejections]
    return f"{NO_CLAIMS}, preemption: {fit_error(len(rejections), tried)}"
