"""What can go wrong with a log. Every text is for the user: what it is, where, and what to do."""

from __future__ import annotations

from django.utils.translation import gettext as _

from lifecycle.clock import Micros, rfc3339_micro


class LogError(Exception):
    """The root of them all."""


class NoSuchCluster(LogError):
    def __init__(self, name: str) -> None:
        super().__init__(f"cluster {name!r} not found")
        self.name = name


class NameTaken(LogError):
    def __init__(self, name: str) -> None:
        super().__init__(_("cluster %(name)r already exists") % {"name": name})
        self.name = name


class BadName(LogError):
    """A cluster's name that is no DNS label."""


class HasForks(LogError):
    """A cluster that others begin with cannot be dropped."""


class BadMoment(LogError):
    """A text that names no moment."""


class NotYet(LogError):
    """A moment, or a seq, that the log does not know yet. `horizon` is up to where it does."""

    def __init__(self, what: str, horizon: Micros) -> None:
        super().__init__(f"{what} has not happened yet: the cluster's log is known up to {rfc3339_micro(horizon)}")
        self.horizon = horizon


class LeaseLost(LogError):
    """Somebody else writes this log now; nothing was appended."""


class ReadOnly(LogError):
    """Nothing can be appended to this log."""


class BadRecording(LogError):
    """A recording that cannot be imported, and where: its file and the line. Nothing was stored."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")
