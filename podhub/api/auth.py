"""What who asks may do. Without a login everything; for a team what they were granted, as far as their bearer token goes."""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings

from lifecycle.apiserver.refused import Refused
from lifecycle.core_v1 import status
from lifecycle.core_v1.status import Status
from podhub.api.http import Call
from podhub.api.resources import Target
from podhub.log.models import Cluster


class Rights(NamedTuple):
    """Whose a request is (empty without a login), and whether it may write. Who may not even read is refused at once."""

    write: bool
    user: str = ""


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


def not_allowed(call: Call, about: Target, verb: str) -> Status:
    """Return the refusal of a change by somebody who may only look."""
    kind = about.kind
    where = f' in the namespace "{about.namespace}"' if about.namespace else " at the cluster scope"
    why = f'User "{call.user}" cannot {verb} resource "{kind.plural}" in API group "{kind.group}"{where}'
    return status.forbidden(kind, about.name, why)
