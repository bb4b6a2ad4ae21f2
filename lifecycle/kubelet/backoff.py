"""Back-off, doubling and without jitter.

Kubernetes: client-go/util/flowcontrol/backoff.go, pkg/kubelet/kuberuntime/kuberuntime_manager.go (doBackOff)
"""

from __future__ import annotations

from lifecycle.clock import SECOND, Micros
from lifecycle.kubelet.state import Backoff

INITIAL: Micros = 10 * SECOND
LONGEST: Micros = 300 * SECOND
RESET_AFTER: Micros = 600 * SECOND


def after_failure(old: Backoff | None, at: Micros, now: Micros) -> Backoff:
    """Return the back-off to hold from now on; `at` is the moment by which an old one may have expired."""
    if old is None or at - old.at > RESET_AFTER:
        return Backoff(INITIAL, now)
    return Backoff(min(2 * old.wait, LONGEST), now)


def in_back_off(backoff: Backoff | None, since: Micros, now: Micros) -> bool:
    """Say whether one has to wait on, after a failure at `since`."""
    return backoff is not None and since - backoff.at <= RESET_AFTER and now - since < backoff.wait
