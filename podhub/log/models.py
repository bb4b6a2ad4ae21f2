"""What the log is made of: clusters, their entries, and the engine's snapshots beside them.

All moments are Micros (whole microseconds since the Unix epoch): `at`, `start`, `horizon`, `clock_at`, `clock_until` and
`wake_at` on the cluster's own clock; `clock_since`, `wake_wall`, `lease_until` and `recorded_at` on the wall's.
"""

from __future__ import annotations

from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

CLUSTER_NAME = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
"""A DNS label. Kubernetes: apimachinery/pkg/util/validation (IsDNS1123Label)."""


class Cluster(models.Model):
    """One log and its clock. `head` is the newest entry's seq, `head_hash` its hash (before the first: the log's beginning).

    `horizon` is the moment up to which the log is known: what it says about moments up to there never changes. A new cluster
    knows nothing of its `start` yet.
    A fork has its `parent`'s entries up to `parent_seq` and its own after that.
    """

    class Kind(models.TextChoices):
        SIMULATED = "simulated", _("simulated")
        RECORDED = "recorded", _("recorded")

    name = models.CharField(
        _("name"),
        max_length=63,
        unique=True,
        validators=[RegexValidator(rf"^{CLUSTER_NAME}\Z", "must be a DNS label, such as my-cluster")],
    )
    kind = models.CharField(_("kind"), max_length=9, choices=Kind.choices, default=Kind.SIMULATED)
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="forks", verbose_name=_("fork of"))
    parent_seq = models.BigIntegerField(_("forked after"), default=0)

    start = models.BigIntegerField(_("start"))
    config = models.TextField(_("configuration"), default="{}")
    """lifecycle.wire.Config as canonical JSON (text, for a database's own JSON type changes numbers); `{}` where recorded."""
    seed = models.BigIntegerField(_("seed"), default=0)
    engine_version = models.CharField(_("engine version"), max_length=32, blank=True, default="")
    read_only = models.BooleanField(_("read-only"), default=False)
    """Nothing may be appended any more: an imported recording, or a log whose engine cannot be carried over."""
    read_only_because = models.CharField(_("why it is read-only"), max_length=500, blank=True, default="")
    """A sentence for people, where it is not a recording."""

    head = models.BigIntegerField(_("head"), default=0)
    head_hash = models.BinaryField(max_length=32)
    horizon = models.BigIntegerField(_("horizon"))

    speed = models.CharField(_("speed"), max_length=16, default="1x")
    """`paused`, `max`, or how many seconds of the cluster's pass in one of the wall's, such as `10x`."""
    clock_at = models.BigIntegerField(_("clock when set"), default=0)
    """What the cluster's clock said when `speed` was set."""
    clock_since = models.BigIntegerField(_("clock set at"), default=0)
    """When, by the wall, `speed` was set."""
    clock_until = models.BigIntegerField(_("clock runs until"), null=True, blank=True)
    """How far a clock at `max` is to go; None where nobody said."""
    wake_at = models.BigIntegerField(_("wakes at"), null=True, blank=True)
    """The cluster's moment at which something is due; None where nothing is."""
    wake_wall = models.BigIntegerField(_("wakes at (wall time)"), null=True, blank=True, db_index=True)
    """When, by the wall, a sweep should look at this cluster again."""
    lease_token = models.CharField(_("lease token"), max_length=36, blank=True, default="")
    lease_until = models.BigIntegerField(_("lease until"), default=0)
    """The writer's lease; it ends at this wall moment."""

    class Meta:
        ordering = ["name"]
        verbose_name = _("cluster")
        verbose_name_plural = _("clusters")

    def __str__(self) -> str:
        return self.name

    @property
    def takes_requests(self) -> bool:
        """Whether anybody may change something in it: to a recording nobody adds but who records it."""
        return self.kind == self.Kind.SIMULATED and not self.read_only

    @property
    def finished(self) -> bool:
        """Whether the last entry is the last there will ever be, so that moments after it read as it left things."""
        return self.read_only and self.kind == self.Kind.RECORDED


class Entry(models.Model):
    """One line of a log; never altered, never removed but with the whole cluster.

    `cluster_id` is a plain number: a foreign key's cascade would run into the guards.
    """

    class Kind(models.TextChoices):
        REQUEST = "request", _("request")
        CHANGE = "change", _("change")
        TRACE = "trace", _("trace")
        GAP = "gap", _("gap")

    cluster_id = models.BigIntegerField()
    seq = models.BigIntegerField()
    at = models.BigIntegerField(_("at (the cluster's time)"))
    recorded_at = models.BigIntegerField(_("recorded at (wall time)"))
    cause = models.BigIntegerField(_("cause"), default=0)
    """The seq of the entry that brought this one about; 0: none, or not known."""
    kind = models.CharField(_("kind"), max_length=7, choices=Kind.choices)
    type = models.CharField(_("type"), max_length=32)
    """Of a change ADDED, MODIFIED or DELETED; of a request its verb; of a trace its kind; of a gap what was lost."""
    resource = models.CharField(_("resource"), max_length=253, blank=True, default="")
    """The plural: `pods`, `events`; with its group where that is a third party's: `services.serving.knative.dev`."""
    namespace = models.CharField(_("namespace"), max_length=253, blank=True, default="")
    name = models.CharField(_("name"), max_length=253, blank=True, default="")
    about = models.CharField(_("about (uid)"), max_length=253, blank=True, default="")
    """The uid of the object this is about: the changed one; the Pod of a trace; of an Event what it regards."""
    keyframe = models.BigIntegerField(default=0)
    """Of a change: the seq of the whole copy that it builds on; its own seq where it is one, else `body` is a merge patch
    against the object's change before it."""
    body = models.BinaryField()
    """Canonical JSON, compressed (zlib)."""
    line = models.TextField(blank=True, default="")
    """What an imported line said beside `type` and `object` (when it was received ...), as canonical JSON."""
    hash = models.BinaryField(max_length=32)

    class Meta:
        ordering = ["cluster_id", "seq"]
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        constraints = [models.UniqueConstraint(fields=["cluster_id", "seq"], name="log_entry_cluster_seq")]
        indexes = [
            models.Index(fields=["cluster_id", "at", "seq"], name="log_entry_at"),
            models.Index(
                fields=["cluster_id", "resource", "namespace", "name", "seq", "type"],
                name="log_entry_object",
                condition=models.Q(kind="change"),
            ),
            models.Index(fields=["cluster_id", "about", "kind", "seq"], name="log_entry_about"),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.type} {self.resource} {self.namespace}/{self.name}".rstrip(" /")

    @property
    def content(self) -> Any:
        """The body as JSON: an object or a patch, a request, a trace's body."""
        from podhub.log import codec

        return codec.unpack(self.body)


class Snapshot(models.Model):
    """The engine's whole state after an entry, so that it need not be played again from the start."""

    cluster_id = models.BigIntegerField()
    seq = models.BigIntegerField()
    at = models.BigIntegerField(_("at (the cluster's time)"))
    engine_version = models.CharField(_("engine version"), max_length=32)
    data = models.BinaryField()
    written_at = models.DateTimeField(_("written"), auto_now_add=True)

    class Meta:
        verbose_name = _("snapshot")
        verbose_name_plural = _("snapshots")
        constraints = [models.UniqueConstraint(fields=["cluster_id", "seq"], name="log_snapshot_cluster_seq")]

    def __str__(self) -> str:
        return f"#{self.cluster_id} seq-{self.seq}"


class Drop(models.Model):
    """That a whole cluster was dropped, by whom and why; the guards let its entries go while this stands `open`."""

    cluster_id = models.BigIntegerField()
    name = models.CharField(_("name"), max_length=63)
    head = models.BigIntegerField(_("head"))
    head_hash = models.BinaryField(max_length=32)
    dropped_by = models.CharField(_("dropped by"), max_length=150, blank=True, default="")
    reason = models.CharField(_("reason"), max_length=500, blank=True, default="")
    dropped_at = models.DateTimeField(_("dropped"), auto_now_add=True)
    open = models.BooleanField(default=True)

    class Meta:
        ordering = ["-dropped_at"]
        verbose_name = _("dropped cluster")
        verbose_name_plural = _("dropped clusters")

    def __str__(self) -> str:
        return f"{self.name} ({self.dropped_at:%Y-%m-%d %H:%M:%S})"
