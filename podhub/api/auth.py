"""What who asks may do. Without a login everything; for a team what they were granted, as far as their bearer token goes."""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings

from lifecycle.apiserver.rbac import AUTHENTICATED, account_groups
from lifecycle.apiserver.refused import Refused
from lifecycle.apiserver.resources import Target
from lifecycle.core_v1 import status
from lifecycle.core_v1.status import Status
from podhub.api.http import Call
from podhub.log.models import Cluster

MASTERS = "system:masters"
"""The group of those who may do everything; without a login everybody is one of them."""


class Rights(NamedTuple):
    """Whose a request is (empty without a login), and whether it may write.

    Who may not even read is refused at once, but for whom somebody else speaks.
    """

    write: bool
    user: str = ""
    read: bool = True


def rights(authorization: str, cluster: Cluster) -> Rights:
    """Return what whoever sends this Authorization header may do with a cluster. Raises: Refused (401, 403)."""
    if not settings.TEAM:
        return Rights(write=True)
    from podhub.access import rights as access
    from podhub.access.models import Token

    scheme, _, secret = authorization.partition(" ")
    token = Token.of(secret.strip()) if scheme.lower() == "bearer" else None
    if token is None:
        raise Refused(status.unauthorized())
    user = token.user.get_username()
    if token.cluster_id not in (None, cluster.pk) or not access.may_view(token.user, cluster):
        why = f'clusters "{cluster.name}" is forbidden: User "{user}" cannot get this cluster with this token'
        raise Refused(Status(403, "Forbidden", why, {"name": cluster.name, "kind": "clusters"}))
    return Rights(token.may_edit and access.may_edit(token.user, cluster), user)


def impersonated(call: Call, may: Rights) -> Rights:
    """Return the rights of whom a request speaks for (`kubectl --as`): those of the masters, or none but what roles give.

    Raises: Refused (403) for who may not change the cluster. Kubernetes: apiserver/pkg/endpoints/filters/impersonation.go
    """
    name = call.headers.get("impersonate-user")
    if not name:
        return may
    if not may.write:
        why = f'User "{call.user}" cannot impersonate resource "users" in API group "" at the cluster scope'
        raise Refused(Status(403, "Forbidden", f'users "{name}" is forbidden: {why}', {"name": name, "kind": "users"}))
    given = [value.decode("latin-1") for header, value in call.scope["headers"] if header.lower() == b"impersonate-group"]
    own = given or [group for group in account_groups(name) if group != AUTHENTICATED]
    call.user, call.groups, call.by_roles = name, (*own, AUTHENTICATED), True
    return Rights(MASTERS in given, name, MASTERS in given)


def groups(call: Call) -> tuple[str, ...]:
    """Return the groups of who asks."""
    return call.groups or ((AUTHENTICATED,) if settings.TEAM else (MASTERS, AUTHENTICATED))


def not_allowed(call: Call, about: Target, verb: str) -> Status:
    """Return the refusal of what somebody may not do."""
    kind = about.kind
    where = f' in the namespace "{about.namespace}"' if about.namespace else " at the cluster scope"
    resource = f"{kind.plural}/{about.subresource}" if about.subresource else kind.plural
    why = f'User "{call.user}" cannot {verb} resource "{resource}" in API group "{kind.group}"{where}'
    return status.forbidden(kind, about.name, why)
