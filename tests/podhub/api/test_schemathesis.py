"""Requests made from the served OpenAPI by Schemathesis, and whether the answers are what the same document says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import urlencode, urlsplit

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.core import NOT_SET

from lifecycle.apiserver.resources import GROUP_VERSIONS
from podhub.api import openapi
from podhub.log.models import Cluster
from podhub.log.verify import verify
from podhub.runs.clusters import create_cluster
from tests.podhub.api.asgi import Answer, ask

SEED = 1
EXAMPLES = 2
"""Requests for each operation."""


@cache
def document(group_version: str) -> Any:
    found = openapi.document(group_version)
    assert found is not None
    return json.loads(found.body)


@pytest.mark.parametrize("group_version", [one for one in GROUP_VERSIONS if document(one)["paths"]])
async def test_every_operation_answers_as_its_schema_says(transactional_db: None, group_version: str) -> None:
    cluster = await asyncio.to_thread(create_cluster, "schemathesis", seed=SEED, speed="paused")
    granted = 0
    for case in await asyncio.to_thread(lambda: list(_cases(group_version))):
        answer = await _ask(cluster, case)
        said = (
            f"{case.method} {case.formatted_path} {case.query} {case.body} was answered {answer.code}: {answer.body[:2000]!r}"
        )
        passed_on = "/proxy" in case.path
        assert answer.code < 500 or answer.code == 504 or (passed_on and answer.code == 503), said
        if answer.whole and not passed_on and case.method != "HEAD":
            _check(group_version, case, answer, said)
        granted += answer.code < 300
    assert granted, "nothing was granted: this tries nothing"
    assert await asyncio.to_thread(lambda: list(verify(cluster))) == []


def _cases(group_version: str) -> Iterator[Any]:
    """Yield requests for each operation of a document, always the same ones."""
    for result in schemathesis.openapi.from_dict(document(group_version)).get_all_operations():
        yield from _drawn(result.ok())


def _drawn(operation: Any) -> list[Any]:
    cases: list[Any] = []

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(operation.as_strategy())
    def collect(case: Any) -> None:
        cases.append(case)

    collect()
    return cases


async def _ask(cluster: Cluster, case: Any) -> Answer:
    """Send a case as it stands, below the cluster's root."""
    headers = {str(name): str(value) for name, value in (case.headers or {}).items()}
    body = b"" if case.body is NOT_SET else json.dumps(case.body, default=str).encode()
    media_type = case.media_type if case.media_type and "*" not in case.media_type else "application/json"
    path = urlsplit(case.formatted_path).path
    query = urlencode(case.query or {}, doseq=True, errors="replace")
    return await ask(case.method, f"/clusters/{cluster.name}{path}", query, body, **{"Content_Type": media_type, **headers})


def _check(group_version: str, case: Any, answer: Answer, said: str) -> None:
    """Test an answer against what the document says of answers with this code."""
    operation = document(group_version)["paths"][case.path][case.method.lower()]
    if operation["x-kubernetes-action"] == "deletecollection" and answer.code == 200:
        return
    described = operation["responses"].get(str(answer.code)) or operation["responses"].get("default")
    if described and "application/json" in described["content"]:
        reference = described["content"]["application/json"]["schema"]["$ref"]
        problem = next(iter(_validator(group_version, reference).iter_errors(json.loads(answer.body))), None)
        assert problem is None, f"{said}\n{problem}"


@cache
def _validator(group_version: str, reference: str) -> Any:
    return jsonschema_rs.validator_for({"$ref": reference, "components": document(group_version)["components"]})
