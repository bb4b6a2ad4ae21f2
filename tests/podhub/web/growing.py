"""A cluster that is being recorded: what its recording holds is appended piece by piece."""

from __future__ import annotations

from dataclasses import dataclass

from lifecycle.clock import Micros, from_seconds
from podhub import wake
from podhub.log import clusters
from podhub.log.append import Writer
from podhub.log.importing import Recording
from podhub.log.models import Cluster


@dataclass
class Growing:
    cluster: Cluster
    recording: Recording
    writer: Writer
    done: int = 0

    @classmethod
    def new(cls, name: str, recording: Recording) -> Growing:
        cluster = clusters.create_recorded(name, recording.start, lease_token="recorder")
        return cls(cluster, recording, Writer(cluster, "recorder"))

    def until(self, seconds: float) -> int:
        """Append what was received up to a moment (seconds since the start), wake who listens, return the head."""
        moment: Micros = self.recording.start + from_seconds(seconds)
        items = [item for item in self.recording.items[self.done :] if item.at <= moment]
        self.done += len(items)
        self.writer.append(items, moment)
        wake.wake(self.cluster.pk, self.writer.head)
        return self.writer.head
