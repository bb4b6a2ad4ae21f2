"""Watches: nothing lost, nothing twice, from any resourceVersion on."""

from __future__ import annotations

import random
import threading
import time
from typing import Any

from tests.podhub.api.conftest import Reached
from tests.podhub.api.wire import ask, cut_watch, events, pod

PODS = "/api/v1/namespaces/default/pods"


def _versions(told: list[Any]) -> list[int]:
    return [int(event["object"]["metadata"]["resourceVersion"]) for event in told]


def _lively(cluster: Reached) -> threading.Thread:
    """Make Pods, one after the other, that live for a moment each."""

    def work() -> None:
        for number in range(LIVES):
            ask(cluster.root + PODS, "POST", pod(f"pod-{number}", "sleep 5", number=str(number)))
            time.sleep(0.1)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


LIVES = 25
CUTS = 500


def test_a_watch_that_is_cut_anywhere_goes_on_without_loss(cluster: Reached) -> None:
    draw = random.Random(7)
    begin = int(ask(cluster.root + PODS).json["metadata"]["resourceVersion"])
    making = _lively(cluster)
    live: list[int] = []
    cuts = 0
    while making.is_alive():
        live += _cut(cluster, [begin, *live][-1], draw.randrange(200, 60_000), draw.choice((0.005, 0.02, 0.1)))
        cuts += 1
    making.join()
    while ask(f"{cluster.root}{PODS}?fieldSelector=status.phase%21%3DSucceeded").json["items"]:
        time.sleep(0.1)
    whole = _versions(events(f"{cluster.root}{PODS}?watch=1&resourceVersion={begin}&timeoutSeconds=1"))
    assert len(whole) > 100
    assert whole == sorted(set(whole))
    assert live == whole[: len(live)]
    while cuts < CUTS:
        again: list[int] = []
        while again != whole:
            told = _cut(cluster, [begin, *again][-1], draw.randrange(200, 16_000), 0.2)
            again += told
            cuts += 1
            assert again == whole[: len(again)]
            assert cuts < 10 * CUTS, "a watch that is resumed does not go on"


def _cut(cluster: Reached, version: int, most: int, seconds: float) -> list[int]:
    """Watch from a version on, cut the connection after so many bytes, and return the versions of the whole events."""
    return _versions(cut_watch(f"{cluster.root}{PODS}?watch=1&resourceVersion={version}&timeoutSeconds=1", most, seconds))


def test_a_selector_sees_objects_come_and_go(cluster: Reached) -> None:
    ask(cluster.root + PODS, "POST", pod("web", app="a"))
    begin = ask(cluster.root + PODS).json["metadata"]["resourceVersion"]
    patch = {"metadata": {"labels": {"app": "b"}}}
    ask(f"{cluster.root}{PODS}/web", "PATCH", patch, Content_Type="application/merge-patch+json")
    selected = f"{cluster.root}{PODS}?watch=1&resourceVersion={begin}&timeoutSeconds=1&labelSelector=app%3D"
    gone = events(f"{selected}a")
    assert gone[-1]["type"] == "DELETED"
    assert gone[-1]["object"]["metadata"]["labels"] == {"app": "a"}
    assert events(f"{selected}b")[0]["type"] == "ADDED"


def test_initial_events_end_with_a_bookmark(cluster: Reached) -> None:
    ask(cluster.root + PODS, "POST", pod("web"))
    query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1"
    told = events(f"{cluster.root}{PODS}?{query}")
    assert told[0]["type"] == "ADDED"
    marks = [event for event in told if event["type"] == "BOOKMARK"]
    assert marks[0]["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_a_watch_from_the_future_is_refused(cluster: Reached) -> None:
    answer = ask(f"{cluster.root}{PODS}?watch=1&resourceVersion=999999")
    assert answer.code == 504
    assert answer.json["message"].startswith("Timeout: Too large resource version: 999999, current: ")


def test_tables_of_a_watch_name_their_columns_once(cluster: Reached) -> None:
    ask(cluster.root + PODS, "POST", pod("web"))
    time.sleep(0.5)
    told = events(f"{cluster.root}{PODS}?watch=1&timeoutSeconds=1", Accept="application/json;as=Table;v=v1;g=meta.k8s.io")
    assert told[0]["object"]["columnDefinitions"][0]["name"] == "Name"
    assert all(event["object"]["columnDefinitions"] == [] for event in told[1:])
    assert all(event["object"]["rows"][0]["cells"][0] == "web" for event in told)


def test_who_watches_leases_sees_them_renewed_and_may_go_on_from_there(cluster: Reached) -> None:
    leases = f"{cluster.root}/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
    before = ask(leases).json["items"][0]
    told = events(f"{leases}?watch=1&timeoutSeconds=4")
    assert [event["type"] for event in told[:2]] == ["ADDED", "MODIFIED"]
    renewals = [event["object"]["spec"]["renewTime"] for event in told]
    assert len(renewals) >= 3
    assert renewals == sorted(set(renewals))
    assert renewals[0] >= before["spec"]["renewTime"]
    version = told[-1]["object"]["metadata"]["resourceVersion"]
    assert _versions(told) == sorted(_versions(told))
    assert all(e["type"] == "MODIFIED" for e in events(f"{leases}?watch=1&resourceVersion={version}&timeoutSeconds=2"))
    changed = {**told[-1]["object"], "metadata": {**told[-1]["object"]["metadata"], "labels": {"a": "b"}}}
    assert ask(f"{leases}/node1", "PUT", changed).code == 200


def test_others_hear_nothing_of_heartbeats(cluster: Reached) -> None:
    assert events(f"{cluster.root}/api/v1/nodes?watch=1&timeoutSeconds=3&fieldSelector=metadata.name%3Dnone") == []
    assert len(events(f"{cluster.root}/api/v1/nodes?watch=1&timeoutSeconds=3")) == 1
