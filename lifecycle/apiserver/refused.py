"""How a request ends that is not granted."""

from __future__ import annotations

from lifecycle.core_v1.status import Status


class Refused(Exception):
    """A request that is answered with a Status."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.message)
        self.status = status
