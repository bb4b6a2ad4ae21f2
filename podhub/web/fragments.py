"""The page of one object in pieces: each a fragment that is rendered once for a state and shown to every browser."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from functools import cached_property
from typing import Any, ClassVar

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from lifecycle.clock import SECOND
from lifecycle.wire import Object
from podhub.log import read
from podhub.log.models import Cluster
from podhub.web.ages import retold
from podhub.web.renders import renders
from podhub.web.showing import Showing, since_start


class ObjectPage:
    """The object of a name as one moment shows it. A fragment's values come from the method of its name, its HTML from the
    template `_KIND_FRAGMENT.html`, or from `_object_FRAGMENT.html` where that is the same for all kinds.
    """

    kind: ClassVar[str]
    resource: ClassVar[str]
    fragments: ClassVar[Mapping[str, tuple[str, ...]]]
    """The fragments, and what in the log each is made of. One that is called `describe` grows older by the second."""

    def __init__(self, showing: Showing, namespace: str, name: str) -> None:
        self.showing, self.namespace, self.name = showing, namespace, name
        self.cluster: Cluster = showing.cluster

    @property
    def key(self) -> tuple[Hashable, ...]:
        """What this page's fragments are kept under: it tells one page from another."""
        return self.kind, self.cluster.pk, self.namespace, self.name

    @property
    def moment(self) -> tuple[Hashable, ...]:
        """What tells a past moment of this page from its others."""
        return self.showing.seq, self.showing.at

    @property
    def at_query(self) -> str:
        """How an address names the moment, for links to what else there was then; "" for the newest."""
        return "" if self.showing.live else since_start(self.cluster, self.showing.at)

    @cached_property
    def version(self) -> read.Version | None:
        return self.showing.view.find(self.resource, self.namespace, self.name)

    @cached_property
    def object(self) -> Object | None:
        return self.version.object if self.version else None

    def context(self, fragment: str) -> dict[str, Any]:
        """Return what a fragment's template needs."""
        common = {
            "cluster": self.cluster,
            "at": self.showing.at,
            "at_query": self.at_query,
            "kind": self.kind,
            "object_name": self.name,
            self.kind: self.object,
            f"{self.kind}_name": self.name,
        }
        values: dict[str, Any] = getattr(self, f"_{fragment}")()
        return common | values


def fragment(page: ObjectPage, name: str, *, oob: bool) -> SafeString:
    """Render one fragment; `oob`: for htmx to put in its place on a page that stands."""
    context = page.context(name) | {"oob": mark_safe(' hx-swap-oob="true"') if oob else ""}
    return render_to_string([f"_{page.kind}_{name}.html", f"_object_{name}.html"], context)


def whole(page: ObjectPage, newest: int) -> dict[str, SafeString]:
    """Return all fragments for a whole page, rendered once as long as nothing is told after `newest`; ages are put in."""
    showing = page.showing
    key = ("page", *page.key, (newest,) if showing.live else page.moment, get_language())
    second = showing.at // SECOND
    return {
        name: mark_safe(
            retold(
                renders.get(
                    (*key, name, second) if name == "describe" else (*key, name),
                    lambda name=name: fragment(page, name, oob=False),  # type: ignore[misc]
                ),
                showing.at,
            )
        )
        for name in page.fragments
    }


def past(page: ObjectPage) -> str:
    """Return all fragments of a past moment, rendered once for all who look at it."""
    key = ("past", *page.key, page.moment, get_language())
    return renders.get(key, lambda: "".join(fragment(page, name, oob=True) for name in page.fragments))


def live(page: ObjectPage, touched: Mapping[str, int], ticked: bool, but: Collection[str] = ()) -> str:
    """Return the fragments that something new has touched, each rendered once for the seq that touched it.

    `touched` maps what the fragments are made of to the newest seq; `ticked`: ages in the description are older too; `but`
    names those that are left out.
    """
    parts = []
    for name, sources in page.fragments.items():
        if name in but:
            continue
        seq = max((touched[source] for source in sources if source in touched), default=0)
        if name == "describe" and (seq or ticked):
            parts.append(_describe_at(page))
        elif seq:
            key = ("live", *page.key, name, seq, get_language())
            parts.append(renders.get(key, lambda name=name: fragment(page, name, oob=True)))  # type: ignore[misc]
    return "".join(parts)


def _describe_at(page: ObjectPage) -> str:
    key = ("describe", *page.key, page.showing.seq, page.showing.at // SECOND)
    return renders.get(key, lambda: fragment(page, "describe", oob=True))
