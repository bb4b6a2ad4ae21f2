"""Requests that make no sense: each gets an answer, none a 500 but Kubernetes' own, and the log is whole afterwards."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import yaml

from lifecycle.apiserver.eviction import SEVERAL
from podhub.api.http import no_page
from podhub.log.models import Cluster
from podhub.log.verify import verify
from podhub.runs.clusters import create_cluster
from podhub.runs.rerun import rerun
from tests.podhub.api.asgi import Answer, ask
from tests.podhub.api.fuzzing import Asked, Fuzzer
from tests.podhub.api.manifests import MANIFESTS

SEEDS = tuple(range(1, 21))
EACH = 1000
"""20,000 requests in all; a cluster for each seed."""

TOGETHER = 20

SPEEDS = ("paused", "60x")
"""Half of the clusters stand, so that objects are asked about as they were made; in the others Pods live and end meanwhile."""


@pytest.mark.parametrize("seed", SEEDS)
async def test_no_request_fails_hangs_or_leaves_half_a_change(transactional_db: None, seed: int) -> None:
    cluster = await asyncio.to_thread(create_cluster, f"fuzz-{seed}", seed=seed, speed=SPEEDS[seed % len(SPEEDS)])
    fuzzer = Fuzzer(seed, MANIFESTS)
    codes: dict[int, int] = {}
    for _ in range(EACH // TOGETHER):
        requests = [fuzzer.request() for _ in range(TOGETHER)]
        answers = await asyncio.gather(*(_ask(cluster, asked) for asked in requests))
        for asked, answer in zip(requests, answers, strict=True):
            codes[answer.code] = codes.get(answer.code, 0) + 1
            _check(seed, asked, answer)
    print(f"seed {seed}: {dict(sorted(codes.items()))}")
    assert codes[200] + codes[201] > EACH // 10, "hardly anything was granted: this tries nothing"
    problems = await asyncio.to_thread(lambda: [*verify(cluster), *rerun(cluster)])
    assert problems == []


async def _ask(cluster: Cluster, asked: Asked) -> Answer:
    method, path, query, body, headers = asked
    return await ask(method, f"/clusters/{cluster.name}{path}", query, body, **headers)


def _is_kubernetes_own(message: str) -> bool:
    """Say whether Kubernetes answers 500 with this itself: two budgets, what is applied does not fit, a binding to nothing."""
    applied = ("failed to create typed patch object (", "failed to convert new object (")
    return message == SEVERAL or message.startswith(applied) or "target." in message


def _check(seed: int, asked: Asked, answer: Answer) -> None:
    """An answer is a success, says in a Status what is wrong with the request, or that its path leads nowhere."""
    said = f"seed {seed}: {asked} was answered {answer.code}: {answer.body[:2000]!r}"
    passed_on = "/proxy" in asked.path
    if answer.code == 500:
        assert _is_kubernetes_own(yaml.safe_load(answer.body)["message"]), said
        return
    assert 200 <= answer.code < 500 or answer.code == 504 or (passed_on and answer.code in (502, 503)), said
    if passed_on or (answer.code, answer.body) == (404, no_page().body):
        return
    if answer.code >= 400 and asked.method != "HEAD":
        status: Any = _status(answer)
        assert status["kind"] == "Status", said
        assert status["status"] == "Failure", said
        assert status["code"] == answer.code, said
        assert status["message"], said


def _status(answer: Answer) -> Any:
    if "yaml" in answer.headers.get("content-type", ""):
        return yaml.safe_load(answer.body)
    return json.loads(answer.body)
