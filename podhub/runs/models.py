"""What waits to be done. The log itself, and the lease on each cluster, are podhub.log's."""

from __future__ import annotations

import msgspec
from django.db import models
from django.utils.translation import gettext_lazy as _

from lifecycle.wire import Answer, Request
from podhub.log.models import Cluster


class QueuedRequest(models.Model):
    """A request that was accepted: it waits until the cluster's writer takes it, and then holds the answer for a while.

    Its number is its place in the queue. It is taken and answered in the transaction that appends it to the log, so it has
    a `seq` exactly if the log holds it. One on which the engine fails is answered and never logged. Moments are Micros of
    the wall clock.
    """

    cluster = models.ForeignKey(Cluster, models.CASCADE, related_name="queue", verbose_name=_("cluster"))
    body = models.TextField()
    """lifecycle.wire.Request as JSON."""
    user = models.CharField(_("user"), max_length=150, blank=True, default="")
    submitted_at = models.BigIntegerField(_("submitted"))
    reply_to = models.CharField(_("reply to"), max_length=200, blank=True, default="")
    """The channel on which the process that accepted it waits; empty where nobody does, or only this process."""
    seq = models.BigIntegerField(null=True, blank=True)
    """The request's own seq in the log."""
    answered_at = models.BigIntegerField(_("answered"), null=True, blank=True)
    code = models.IntegerField(_("status code"), null=True, blank=True)
    answer = models.TextField(blank=True, default="")
    """lifecycle.wire.Answer as JSON."""

    class Meta:
        ordering = ["id"]
        verbose_name = _("queued request")
        verbose_name_plural = _("queued requests")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(seq__isnull=True) | models.Q(answered_at__isnull=False),
                name="runs_taken_is_answered",
            )
        ]
        indexes = [
            models.Index(fields=["cluster", "id"], name="runs_waiting", condition=models.Q(answered_at__isnull=True)),
            models.Index(fields=["answered_at"], name="runs_answered"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def request(self) -> Request:
        return msgspec.json.decode(self.body, type=Request)

    @property
    def result(self) -> Answer | None:
        return msgspec.json.decode(self.answer, type=Answer) if self.answer else None
