"""Metrics of a cluster."""

from __future__ import annotations

import json
import re

import pytest

from podhub.log.models import Cluster
from podhub.runs.clusters import create_cluster
from tests.podhub.api.asgi import Answer, ask

CONFIG_MAPS = "api/v1/namespaces/default/configmaps"


@pytest.fixture
def cluster(transactional_db: None) -> Cluster:
    return create_cluster("measured", speed="paused")


async def at(cluster: Cluster, path: str, method: str = "GET", query: str = "", body: object = None, **headers: str) -> Answer:
    data = b"" if body is None else json.dumps(body).encode()
    return await ask(method, f"/clusters/{cluster.name}{path}", query, data, **headers)


def value(text: str, series: str) -> float:
    found = re.search(rf"^{re.escape(series)} (\S+)$", text, re.M)
    return float(found[1]) if found else 0.0


async def test_requests_are_counted_by_what_they_ask_and_how_they_are_answered(cluster: Cluster) -> None:
    made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    where = 'group="",resource="configmaps",scope="namespace",subresource=""'
    posted = f'apiserver_request_total{{code="%s",component="apiserver",{where},verb="POST",version="v1"}}'
    before = (await at(cluster, "/metrics")).body.decode()
    for _ in range(2):
        await at(cluster, f"/{CONFIG_MAPS}", "POST", body=made, Content_Type="application/json")
    answer = await at(cluster, "/metrics")
    text = answer.body.decode()
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    for code in ("201", "409"):
        assert value(text, posted % code) - value(before, posted % code) == 1
    stored = 'apiserver_storage_objects{resource="configmaps"}'
    assert value(text, stored) - value(before, stored) == 1
    await cluster.arefresh_from_db()
    assert value(text, "podhub_log_entries_total") == cluster.head


async def test_nobody_makes_up_series(cluster: Cluster) -> None:
    await at(cluster, f"/{CONFIG_MAPS}", "BREW", Content_Type="application/json")
    text = (await at(cluster, "/metrics")).body.decode()
    assert 'verb="other"' in text
    assert "BREW" not in text


async def test_every_series_has_a_type(cluster: Cluster) -> None:
    text = (await at(cluster, "/metrics")).body.decode()
    typed = set(re.findall(r"^# TYPE (\S+) (?:counter|gauge)$", text, re.M))
    assert set(re.findall(r"^([a-z_]+)[{ ]", text, re.M)) <= typed


async def test_the_past_has_no_metrics(cluster: Cluster) -> None:
    assert (await ask("GET", f"/clusters/{cluster.name}@0s/metrics")).code == 404
