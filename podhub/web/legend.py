"""The timeline's legend: each look, a word for it, and a sentence."""

from __future__ import annotations

from django.utils.translation import gettext as _


def legend() -> list[tuple[str, str, str]]:
    """Return (look, word, sentence) in the order in which a life meets them."""
    return [
        ("waiting", _("waiting"), _("Not running yet: being scheduled, created, or its image pulled.")),
        ("unready", _("running, not ready"), _("Its process runs, but it is not ready to serve.")),
        ("ready", _("running, ready"), _("Its process runs and it is ready; of a condition: as it should be.")),
        ("backoff", _("back-off"), _("It failed; the kubelet waits, longer each time, before it tries again.")),
        ("failed", _("failed"), _("Its process ended with an exit code other than 0, or it cannot be started.")),
        ("succeeded", _("finished"), _("Its process ended with exit code 0.")),
        (
            "terminating",
            _("terminating"),
            _("It is being deleted: SIGTERM was sent, SIGKILL follows when the grace period ends."),
        ),
        ("unknown", _("not known"), _("Nobody observed it.")),
    ]
