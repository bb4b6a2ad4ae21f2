"""Nothing is stored here: what the admin site lists beside the log's own tables."""

from __future__ import annotations

from podhub.log.models import Entry


class Pod(Entry):
    """The newest version of a Pod that is there."""

    class Meta:
        proxy = True
        verbose_name = "Pod"
        ordering = ["cluster_id", "namespace", "name"]

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"
