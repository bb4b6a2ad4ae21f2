"""Scores: which of the nodes that would do is best.

Kubernetes: pkg/scheduler/framework/plugins/noderesources (LeastAllocated, BalancedAllocation), with their default weights
"""

from __future__ import annotations

from lifecycle.scheduler.filters import Candidate
from lifecycle.scheduler.nodes import NodeInfo

MAX_SCORE = 100


def score(candidate: Candidate, node: NodeInfo) -> int:
    """Return how well a node would do; the higher the better."""
    cpu = _share(node.cpu + candidate.wants.cpu, node.allocatable.get("cpu", 0))
    memory = _share(node.memory + candidate.wants.memory, node.allocatable.get("memory", 0))
    least_allocated = (int((1 - cpu) * MAX_SCORE) + int((1 - memory) * MAX_SCORE)) // 2
    balanced = int((1 - abs(cpu - memory) / 2) * MAX_SCORE)
    return least_allocated + balanced


def _share(taken: int, allocatable: int) -> float:
    return min(taken / allocatable, 1.0) if allocatable else 1.0
