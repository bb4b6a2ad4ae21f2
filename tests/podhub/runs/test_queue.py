"""The way in: what is refused before the queue, what waits in it, and what is answered."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from lifecycle.wire import Request
from podhub import wake
from podhub.log import clusters as log_clusters
from podhub.log.models import Cluster, Entry
from podhub.runs import checks, clusters, dispatch, queue, reach
from podhub.runs.advance import advance
from podhub.runs.due import overdue
from podhub.runs.models import QueuedRequest
from podhub.runs.queue import asubmit, submit
from podhub.runs.sweeping import Heads, sweep
from tests.podhub.runs.conftest import WALL, Wall
from tests.podhub.runs.conftest import queue as waits_in_queue

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web"},
    "spec": {"containers": [{"name": "c", "image": "nginx"}]},
}


@pytest.fixture
def real(transactional_db: None) -> Cluster:
    """A paused cluster with the real engine; whoever submits is the worker, too."""
    return clusters.create_cluster("real", speed="paused", start=WALL)


def create(body: Any, **more: Any) -> Request:
    return Request("create", "pods", namespace="default", body=body, **more)


def test_whoever_submits_is_answered_as_kubernetes_answers(real: Cluster) -> None:
    answer = submit(real, create(POD))
    assert (answer.code, answer.body["metadata"]["name"]) == (201, "web")
    assert answer.body["metadata"]["uid"]
    again = submit(real, create(POD))
    assert (again.code, again.body["message"]) == (409, 'pods "web" already exists')


def test_a_recording_takes_no_requests_while_it_goes_on(transactional_db: None) -> None:
    """Nobody would ever take them: it has no engine."""
    answer = submit(log_clusters.create_recorded("told", WALL), create(POD))
    assert (answer.code, answer.index) == (403, 0)
    assert answer.body["message"] == "cluster 'told' is a recording: nothing can be asked of it"
    assert not QueuedRequest.objects.exists()


async def test_async_code_is_answered_too(real: Cluster) -> None:
    answer = await asubmit(real, create(POD))
    assert answer.code == 201


@pytest.mark.parametrize(
    ("request_", "code", "text"),
    [
        (create({**POD, "spec": {}}), 422, "spec.containers: Required value"),
        (create({**POD, "spec": {"containers": 3}}), 400, "cannot unmarshal number"),
        (create("text"), 400, "unrecognized"),
        (create(None), 400, "unrecognized"),
        (create({**POD, "spec": {"containers": [], "x": "y" * 4_000_000}}), 413, "limit"),
        (create({**POD, "metadata": {"name": float("nan")}}), 400, "cannot"),
        (create({**POD, "kind": "Podd"}), 400, "Podd"),
        (create({**POD, "metadata": {"name": "web", "namespace": "other"}}), 400, "does not match"),
        (Request("create", "wombats", body=POD), 404, "could not find"),
        (Request("create", "pods", "v2", body=POD), 404, "could not find"),
        (Request("delete", "clusters"), 405, "does not allow"),
        (Request("patch", "clusters", body={"speed": "warp"}), 422, "'warp' is no speed"),
        (Request("patch", "clusters", body={"speed": 3}), 422, "expected a text"),
        (Request("patch", "clusters", body={"speed": "max", "until": "soon"}), 422, "'soon' is not a time"),
        (Request("patch", "clusters", body=[]), 422, "expected a text"),
    ],
)
def test_what_no_cluster_could_accept_is_never_queued(real: Cluster, request_: Request, code: int, text: str) -> None:
    answer = submit(real, request_)
    assert answer.code == code
    assert text in answer.body["message"]
    assert not QueuedRequest.objects.exists()


def test_what_depends_on_the_cluster_is_asked_of_its_engine(real: Cluster) -> None:
    """A namespace that is not there comes before what is wrong with the Pod; a service account may yet be made."""
    answer = submit(real, Request("create", "pods", namespace="nowhere", body={**POD, "spec": {}}))
    assert (answer.code, answer.body["message"]) == (404, 'namespaces "nowhere" not found')
    spec = {**POD["spec"], "serviceAccountName": "robot"}  # type: ignore[dict-item]
    assert submit(real, create({**POD, "spec": spec})).code == 403
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}}
    assert submit(real, Request("create", "serviceaccounts", namespace="default", body=account)).code == 201
    assert submit(real, create({**POD, "spec": spec})).code == 201


def test_a_dry_run_answers_and_changes_nothing(real: Cluster) -> None:
    entries = Entry.objects.count()
    answer = submit(real, create(POD, query={"dryRun": ["All"]}))
    assert (answer.code, answer.body["metadata"]["name"]) == (201, "web")
    assert Entry.objects.count() == entries
    assert submit(real, create(POD)).code == 201
    taken = submit(real, create(POD, query={"dryRun": ["All"]}))
    assert taken.code == 409


def test_a_read_only_cluster_says_why(real: Cluster) -> None:
    Cluster.objects.update(read_only=True, read_only_because="It was carried too far.")
    real.refresh_from_db()
    answer = submit(real, create(POD))
    assert (answer.code, answer.body["reason"]) == (403, "Forbidden")
    assert "It was carried too far." in answer.body["message"]


def test_a_request_that_nobody_takes_is_not_lost_when_its_caller_is_told_so(
    real: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(dispatch, "nudge", lambda *_, **__: None)
        answer = submit(real, create(POD), timeout=0.2)
    assert (answer.code, answer.body["reason"]) == (504, "Timeout")
    assert advance(real.pk) is False
    row = QueuedRequest.objects.get()
    assert row.result
    assert row.result.code == 201


def test_an_answer_of_another_process_is_found_by_looking(real: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its wake-up was lost: the row is looked at once a second."""
    monkeypatch.setattr(queue, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr("podhub.runs.answers._tell", lambda taken: None)
    assert submit(real, create(POD)).code == 201


def test_the_request_of_a_dropped_cluster_is_answered(real: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(dispatch, "nudge", lambda cluster_id, **_: Cluster.objects.filter(pk=cluster_id).delete())
    answer = submit(real, create(POD))
    assert (answer.code, answer.body["message"]) == (404, "cluster 'real' was dropped")


def test_many_threads_may_submit_at_once(real: Cluster) -> None:
    codes: list[int] = []

    def one(number: int) -> None:
        from django.db import connection

        codes.append(submit(real, create({**POD, "metadata": {"name": f"p{number}"}})).code)
        connection.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [201] * 12


def test_the_sweep_finds_what_is_due_and_what_waits(
    transactional_db: None, wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(dispatch, "nudge", lambda cluster_id, **_: sent.append(cluster_id))
    monkeypatch.setattr(clusters, "reach", lambda cluster, at: False)
    idle, due, waiting, held, stopped = (clusters.create_cluster(name, start=WALL) for name in ("a", "b", "c", "d", "e"))
    Cluster.objects.filter(pk__in=[due.pk, held.pk, stopped.pk]).update(wake_wall=WALL - 1)
    Cluster.objects.filter(pk=idle.pk).update(wake_wall=WALL + 1)
    Cluster.objects.filter(pk=held.pk).update(lease_until=WALL + 1000, lease_token="x")
    Cluster.objects.filter(pk=stopped.pk).update(read_only=True)
    waits_in_queue(waiting, create(POD))
    sent.clear()
    assert set(overdue(WALL)) == {due, waiting}
    sweep()
    assert set(sent) == {due.pk, waiting.pk}


def test_a_log_that_another_process_has_written_to_is_noticed(real: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[tuple[int, int]] = []
    monkeypatch.setattr(wake, "wake", lambda cluster_id, head: woken.append((cluster_id, head)))
    heads = Heads()
    heads.look()
    assert woken == []
    Cluster.objects.filter(pk=real.pk).update(head=1000)
    heads.look()
    heads.look()
    assert woken == [(real.pk, 1000)]


def test_what_this_process_has_announced_is_not_announced_again(real: Cluster) -> None:
    heads = Heads()
    submit(real, create(POD))
    real.refresh_from_db()
    announced = wake.announced(real.pk)
    assert announced == real.head
    heads.look()
    assert wake.announced(real.pk) == announced


def test_answers_are_forgotten_after_a_while(real: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    from podhub.runs import lease, sweeping

    submit(real, create(POD))
    later = lease.wall_now() + sweeping.ANSWERS_KEPT + 1
    monkeypatch.setattr(lease, "wall_now", lambda: later)
    monkeypatch.setattr(sweeping, "_tidied_at", 0)
    sweep()
    assert not QueuedRequest.objects.exists()


def test_an_idle_cluster_reaches_a_moment_when_somebody_asks(transactional_db: None) -> None:
    cluster = clusters.create_cluster("idle")
    from podhub.runs.lease import wall_now

    now = wall_now()
    assert reach.reach(cluster, now)
    assert reach.reach(cluster, now + 200_000), "it waits for what is about to come"
    assert not reach.reach(cluster, now + 3_600_000_000)


def test_a_moment_that_a_paused_cluster_never_comes_to_is_not_waited_for(real: Cluster) -> None:
    assert not reach.reach(real, real.horizon + 1)


def test_a_check_is_quick(real: Cluster) -> None:
    """Nothing is read for a request that is all right."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        assert checks.check(real, create(POD)) is None
    assert len(queries) == 0
