"""Options of requests that mean nothing, and what is said of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from podhub.log.models import Cluster
from podhub.runs.clusters import create_cluster
from tests.podhub.api.asgi import ask

MERGE = "application/merge-patch+json"
OPTIONS = "Options.meta.k8s.io"


@pytest.fixture
def cluster(transactional_db: None) -> Cluster:
    return create_cluster("options", speed="paused")


@pytest.mark.parametrize(
    ("method", "query", "body", "message"),
    [
        ("POST", "dryRun=Some", {}, 'Create{} "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"'),
        (
            "POST",
            "fieldValidation=Loose",
            {},
            'Create{} "" is invalid: fieldValidation: Unsupported value: "Loose": '
            'supported values: "", "Ignore", "Strict", "Warn"',
        ),
        (
            "PUT",
            "fieldManager=a%07",
            {},
            'Update{} "" is invalid: fieldManager: Invalid value: "a\\a": invalid character U+0007 (at position 1)',
        ),
        (
            "PUT",
            "fieldManager=" + "a" * 129,
            {},
            'Update{} "" is invalid: fieldManager: Too long: may not be more than 128 bytes',
        ),
        (
            "PATCH",
            "force=true&dryRun=x",
            {},
            'Patch{} "" is invalid: [force: Forbidden: may not be specified for non-apply patch, '
            'dryRun: Unsupported value: ["x"]: supported values: "All"]',
        ),
        (
            "DELETE",
            "",
            {"propagationPolicy": "Later"},
            'Delete{} "" is invalid: propagationPolicy: Unsupported value: "Later": '
            'supported values: "Foreground", "Background", "Orphan", "nil"',
        ),
        (
            "DELETE",
            "",
            {"propagationPolicy": "Orphan", "orphanDependents": True},
            'Delete{} "" is invalid: propagationPolicy: Invalid value: "Orphan": '
            "orphanDependents and deletionPropagation cannot be both set",
        ),
    ],
)
async def test_options_that_mean_nothing_are_refused(
    cluster: Cluster, method: str, query: str, body: dict[str, Any], message: str
) -> None:
    name = "" if method == "POST" else "/a"
    path = f"/clusters/{cluster.name}/api/v1/namespaces/default/configmaps{name}"
    type = MERGE if method == "PATCH" else "application/json"
    answer = await ask(method, path, query, json.dumps(body).encode(), Content_Type=type)
    assert (answer.code, answer.json["message"]) == (422, message.format(OPTIONS))


async def test_a_list_is_asked_for_with_numbers(cluster: Cluster) -> None:
    answer = await ask("GET", f"/clusters/{cluster.name}/api/v1/pods", "timeoutSeconds=x")
    assert (answer.code, answer.json["message"]) == (400, 'strconv.ParseInt: parsing "x": invalid syntax')
