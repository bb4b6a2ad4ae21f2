"""Who of a team may look at which clusters, who may change them, and the bearer tokens that the API knows them by."""

from __future__ import annotations

import hashlib
import secrets

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from podhub.log.models import Cluster


class Grant(models.Model):
    """Lets a user, or a group of users, look at a cluster; without a cluster, at all of them."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("user")
    )
    group = models.ForeignKey(Group, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("group"))
    cluster = models.ForeignKey(
        Cluster,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("cluster"),
        help_text=_("none: every cluster, later ones too"),
    )
    may_edit = models.BooleanField(_("may edit"), default=False, help_text=_("they may change it, not only look at it"))

    class Meta:
        ordering = ["cluster__name", "pk"]
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user__isnull=True) ^ models.Q(group__isnull=True),
                name="access_grant_user_or_group",
                violation_error_message=_("Choose a user or a group, one of them."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user or self.group}: {self.cluster or '*'}"

    def clean(self) -> None:
        """Raises: ValidationError unless it is either a user's or a group's."""
        if (self.user is None) == (self.group is None):
            raise ValidationError(_("Choose a user or a group, one of them."))


class Token(models.Model):
    """A secret of a user's, kept as its hash. It may do no more than its user may; without a cluster it is good for all."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("user"))
    name = models.CharField(_("name"), max_length=100, help_text=_("what it is for"))
    digest = models.CharField(max_length=64, unique=True, editable=False)
    cluster = models.ForeignKey(
        Cluster, null=True, blank=True, on_delete=models.CASCADE, related_name="+", verbose_name=_("cluster")
    )
    may_edit = models.BooleanField(_("may edit"), default=False, help_text=_("it may change things, not only look at them"))
    created_at = models.DateTimeField(_("made"), auto_now_add=True)

    class Meta:
        verbose_name = _("token")
        verbose_name_plural = _("tokens")

    def __str__(self) -> str:
        return f"{self.name} ({self.user})"

    @classmethod
    def make(cls, user: object, name: str, *, cluster: Cluster | None = None, may_edit: bool = False) -> tuple[Token, str]:
        """Make a token; return it with its secret, which is nowhere else."""
        secret = secrets.token_urlsafe(32)
        token = cls.objects.create(user=user, name=name, digest=_digest(secret), cluster=cluster, may_edit=may_edit)
        return token, secret

    @classmethod
    def of(cls, secret: str) -> Token | None:
        """Return the token with this secret, if there is one and its user may come in."""
        found = cls.objects.select_related("user").filter(digest=_digest(secret), user__is_active=True)
        return found.first() if secret else None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
