"""Bearer tokens: how the users of a team's PodHub are known to the API."""

from __future__ import annotations

import hashlib
import secrets

from django.conf import settings
from django.db import models

from podhub.log.models import Cluster


class Token(models.Model):
    """A secret of a user's, kept as its hash. Without a cluster it is good for all of them."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=100, help_text="what it is for")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    cluster = models.ForeignKey(Cluster, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    may_edit = models.BooleanField(default=False, help_text="it may change things, not only look at them")
    created_at = models.DateTimeField(auto_now_add=True)

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
