"""Nothing is stored here: what the admin site lists beside the log's own tables."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from podhub.log.models import Entry


class Pod(Entry):
    """The newest version of a Pod that is there."""

    class Meta:
        proxy = True
        verbose_name = _("Pod")
        verbose_name_plural = _("Pods")
        ordering = ["cluster_id", "namespace", "name"]

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"
