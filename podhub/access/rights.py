"""What a user may do with a cluster. Without a login whoever reaches this machine may do everything."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Q, QuerySet

from podhub.access.models import Grant
from podhub.log import clusters
from podhub.log.errors import LogError, NoSuchCluster
from podhub.log.models import Cluster

Visitor = User | AnonymousUser


class MayNotEdit(LogError):
    """Somebody who may only look at a cluster has tried to change it."""

    def __init__(self, name: str) -> None:
        super().__init__(f"you may look at the cluster {name!r}, but not change it; its administrator can let you")
        self.name = name


def visible(user: Visitor) -> QuerySet[Cluster]:
    """Return the clusters that a user may look at."""
    if _everything(user):
        return Cluster.objects.all()
    grants = _grants(user)
    if grants.filter(cluster=None).exists():
        return Cluster.objects.all()
    return Cluster.objects.filter(pk__in=grants.values("cluster"))


def may_view(user: Visitor, cluster: Cluster) -> bool:
    return _everything(user) or _granted(user, cluster).exists()


def may_edit(user: Visitor, cluster: Cluster) -> bool:
    return _everything(user) or _granted(user, cluster).filter(may_edit=True).exists()


def seen(user: Visitor, name: str) -> Cluster:
    """Return the cluster of a name. Raises: NoSuchCluster, also where the user may not know of it."""
    cluster = clusters.named(name)
    if not may_view(user, cluster):
        raise NoSuchCluster(name)
    return cluster


def edited(user: Visitor, name: str) -> Cluster:
    """Return the cluster of a name, to change it. Raises: NoSuchCluster, MayNotEdit."""
    cluster = seen(user, name)
    if not may_edit(user, cluster):
        raise MayNotEdit(name)
    return cluster


def made_by(user: Visitor, cluster: Cluster) -> None:
    """Let whoever has made a cluster look at it and change it."""
    if isinstance(user, User) and not _everything(user):
        Grant.objects.create(user=user, cluster=cluster, may_edit=True)


def _everything(user: Visitor) -> bool:
    return not settings.TEAM or (user.is_active and user.is_superuser)


def _granted(user: Visitor, cluster: Cluster) -> QuerySet[Grant]:
    return _grants(user).filter(Q(cluster=cluster) | Q(cluster=None))


def _grants(user: Visitor) -> QuerySet[Grant]:
    if not user.is_authenticated or not user.is_active:
        return Grant.objects.none()
    return Grant.objects.filter(Q(user=user) | Q(group__user=user))
