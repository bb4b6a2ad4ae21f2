"""What open pages are told: made once for all that show the same thing and have seen the same, and encoded once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

import msgspec
from django.utils import translation

from podhub.log.models import Cluster, Entry
from podhub.web import cluster_page, events_page, fragments, node_page, object_lists, pod_page, service_page
from podhub.web.choice import Choice
from podhub.web.events_page import EventChoice, EventsPage
from podhub.web.growth import grown
from podhub.web.node_page import NodePage
from podhub.web.pod_page import PodPage
from podhub.web.service_page import ServicePage
from podhub.web.showing import Showing, clock_for_browser, now
from podhub.web.story import chapter, story


class Bulletin(msgspec.Struct, frozen=True):
    """A message of JSON ("" where there is nothing to say) and the seq that a page has seen with it."""

    seq: int
    text: str


class Subject(msgspec.Struct, frozen=True):
    """What a page shows, in a language: some or all of a cluster's Pods or Events, or one object. `page` is a key of PAGES."""

    cluster_id: int
    language: str
    page: str = "cluster"
    namespace: str = ""
    name: str = ""
    choice: Choice = Choice()
    events: EventChoice = EventChoice()


def bulletin(subject: Subject, after: int, ticked: bool) -> Bulletin:
    """Return what a page that has seen `after` has to be told. Raises: Cluster.DoesNotExist.

    `ticked`: nothing may have happened, but time went by; only what shows time is told then.
    """
    cluster = Cluster.objects.select_related("parent").get(pk=subject.cluster_id)
    if after > cluster.head:  # another log under the old name
        return Bulletin(after, '{"reload":true}')
    showing = Showing(cluster, cluster.head, now(cluster, cluster.horizon), live=True)
    with translation.override(subject.language):
        said = PAGES[subject.page](subject, showing, after, ticked)
    if not said and not _clock_was_set(cluster, after):
        return Bulletin(cluster.head, "")
    if cluster.head > after:
        said |= {"seq": cluster.head, "clock": clock_for_browser(cluster)}
    return Bulletin(cluster.head, msgspec.json.encode(said, enc_hook=_plain).decode())


def _clock_was_set(cluster: Cluster, after: int) -> bool:
    asked = Entry.objects.filter(cluster_id=cluster.pk, seq__gt=after, kind=Entry.Kind.REQUEST, resource="clusters")
    return cluster.head > after and asked.exists()


def _plain(text: Any) -> str:
    """Rendered templates are a kind of str that the encoder does not know."""
    plain: str = text + ""
    return plain


def _pod(subject: Subject, showing: Showing, after: int, ticked: bool) -> dict[str, object]:
    namespace, name = subject.namespace, subject.name
    news = chapter(showing.cluster, namespace, name, after=after, upto=showing.seq) if showing.seq > after else None
    touched = pod_page.touched(news) if news else {}
    page = PodPage(showing, namespace, name)
    if news and news.versions and news.versions[-1].type == "DELETED":
        end = news.versions[-1]
        return {"timeline": story(news), "ended": {"seq": end.seq - 1, "at": end.at - showing.cluster.start}}
    rows = grown(page, news) if news else {}
    html = fragments.live(page, touched, ticked, but=rows)
    if news and touched:
        return {"html": html, "timeline": story(news), "grown": rows}
    return {"html": html} if html else {}


def _cluster(subject: Subject, showing: Showing, after: int, ticked: bool) -> dict[str, object]:
    return cluster_page.news(showing, subject.choice, after) if showing.seq > after else {}


def _node(subject: Subject, showing: Showing, after: int, ticked: bool) -> dict[str, object]:
    page = NodePage(showing, "", subject.name)
    touched = node_page.touched(page, after) if showing.seq > after else {}
    html = fragments.live(page, touched, ticked)
    if touched:
        return {"html": html, "timeline": node_page.story(showing.cluster, subject.name, showing.seq, after)}
    return {"html": html} if html else {}


def _service(subject: Subject, showing: Showing, after: int, ticked: bool) -> dict[str, object]:
    namespace, name = subject.namespace, subject.name
    page = ServicePage(showing, namespace, name)
    touched = service_page.touched(page, after) if showing.seq > after else {}
    html = fragments.live(page, touched, ticked)
    if touched:
        return {"html": html, "timeline": service_page.story(showing.cluster, namespace, name, showing.seq, after)}
    return {"html": html} if html else {}


def _events(subject: Subject, showing: Showing, after: int, ticked: bool) -> dict[str, object]:
    page = EventsPage(showing, subject.events)
    if showing.seq <= after:
        return {}
    told = events_page.story(showing.cluster, subject.events, showing.seq, after)
    html = fragments.live(page, events_page.touched(page, after), ticked)
    return {"html": html, "timeline": told} if html or told.points else {}


def _list(subject: Subject, showing: Showing, after: int, ticked: bool) -> dict[str, object]:
    return object_lists.news(showing, subject.page, subject.choice, after) if showing.seq > after else {}


PAGES: dict[str, Callable[[Subject, Showing, int, bool], dict[str, object]]] = {
    "cluster": _cluster,
    "pod": _pod,
    "events": _events,
    "node": _node,
    "nodes": _list,
    "service": _service,
    "services": _list,
}
"""What tells a page of each sort what came after a seq."""


def clock_bulletin(cluster_id: int) -> Bulletin:
    """Return how a cluster's clock goes: told when its speed was set, and as a sign of life. Raises: Cluster.DoesNotExist."""
    cluster = Cluster.objects.get(pk=cluster_id)
    return Bulletin(0, msgspec.json.encode({"clock": clock_for_browser(cluster)}).decode())


class Board:
    """Bulletins of one event loop: the first page that asks has one made, in a thread, and the others wait for it."""

    def __init__(self, most: int = 500) -> None:
        self.most = most
        self._tasks: OrderedDict[Hashable, asyncio.Task[Bulletin]] = OrderedDict()

    async def get(self, key: Hashable, make: Callable[[], Bulletin]) -> Bulletin:
        task = self._tasks.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            task = self._tasks[key] = asyncio.ensure_future(in_thread(make))
            while len(self._tasks) > self.most:
                self._tasks.popitem(last=False)
        return await asyncio.shield(task)


async def in_thread(make: Callable[[], Bulletin]) -> Bulletin:
    from channels.db import database_sync_to_async

    done: Bulletin = await database_sync_to_async(make, thread_sensitive=False)()
    return done


boards: dict[int, Board] = {}


def board() -> Board:
    """Return the running loop's board."""
    loop = asyncio.get_running_loop()
    found = boards.get(id(loop))
    if found is None:
        boards.clear()  # a process has one loop; tests have one after another
        found = boards[id(loop)] = Board()
    return found
