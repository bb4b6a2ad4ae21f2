"""What roles let a ServiceAccount do, or somebody for whom a request speaks (`kubectl --as`).

They are the cluster's own, as of the moment that is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.conf import settings

from lifecycle import tokens
from lifecycle.apiserver import pod_clients, rbac
from lifecycle.apiserver.rbac import Attributes
from lifecycle.apiserver.refused import Refused
from lifecycle.apiserver.resources import Target
from lifecycle.core_v1 import status
from lifecycle.seeds import Seeds
from lifecycle.wire import Object
from podhub.api.address import Address
from podhub.api.auth import Rights
from podhub.api.http import Call
from podhub.api.threads import on_thread
from podhub.log.read import View

DOTS = 2
"""Of a JSON Web Token."""


class Objects:
    """A cluster's objects as of a seq, as an authorizer asks for them."""

    def __init__(self, view: View) -> None:
        self._view = view

    def get(self, resource: str, namespace: str, name: str) -> Object | None:
        version = self._view.find(resource, namespace, name)
        return version.object if version else None

    def list(self, resource: str, namespace: str | None = None) -> Iterable[Object]:
        return [version.object for version in self._view.list(resource, namespace)]


async def of_account(call: Call, address: Address, may: Rights) -> Rights:
    """Return the rights of the ServiceAccount whose token who asks has shown: none but what roles give.

    Without a login alone: a cluster's seed is no secret, and whoever knows it could draw a token. Raises: Refused (401).
    """
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if settings.TEAM or scheme.lower() != "bearer" or token.count(".") != DOTS:
        return may
    said = tokens.read(Seeds(address.cluster.seed), token.strip(), address.now)
    if said is None or not await on_thread(lambda: tokens.stands(Objects(address.view), said)):
        raise Refused(status.unauthorized())
    call.user, call.groups, call.by_roles = said["sub"], rbac.account_groups(said["sub"]), True
    return Rights(write=False, user=call.user, read=False)


async def rights(call: Call, address: Address, about: Target, verb: str, may: Rights) -> Rights:
    """Return the rights of who asks, with what roles let him do of what he asks for, where somebody speaks for him."""
    if not call.by_roles or may.write:
        return may
    name = about.name
    what = Attributes(verb, about.kind.group, about.kind.plural, about.subresource, about.namespace, name)
    given = await allow(call, address, what)
    return may._replace(write=given, read=given)


async def allow(call: Call, address: Address, what: Attributes) -> bool:
    """Say whether roles let who asks do something."""
    return await allows(address, call.user, call.groups, what)


async def allows(address: Address, user: str, groups: Sequence[str], what: Attributes) -> bool:
    """Say whether roles let somebody do something."""
    return await on_thread(lambda: rbac.allows(Objects(address.view), user, groups, what))


async def rules(call: Call, address: Address, namespace: str) -> Object:
    """Return what a review of rules tells who asks: what everybody may, and what he was given."""
    return await on_thread(lambda: pod_clients.rules(rbac.rules(Objects(address.view), call.user, call.groups, namespace)))
