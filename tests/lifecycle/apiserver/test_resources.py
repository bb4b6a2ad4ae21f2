"""What paths mean."""

from __future__ import annotations

import pytest

from lifecycle.apiserver.resources import target


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/api/v1/pods", ("pods", "", "", "")),
        ("/api/v1/namespaces/a/pods", ("pods", "a", "", "")),
        ("/api/v1/namespaces/a/pods/b", ("pods", "a", "b", "")),
        ("/api/v1/namespaces/a/pods/b/log", ("pods", "a", "b", "log")),
        ("/api/v1/namespaces/a", ("namespaces", "", "a", "")),
        ("/api/v1/namespaces/a/status", ("namespaces", "", "a", "status")),
        ("/api/v1/nodes/node1", ("nodes", "", "node1", "")),
        ("/apis/discovery.k8s.io/v1/namespaces/a/endpointslices/b", ("endpointslices", "a", "b", "")),
    ],
)
def test_a_path_names_a_resource(path: str, meant: tuple[str, str, str, str]) -> None:
    found = target(path)
    assert found is not None
    assert (found.kind.plural, found.namespace, found.name, found.subresource) == meant


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/gadgets",
        "/api/v2/pods",
        "/api/v1/pods/b",
        "/api/v1/namespaces/a/nodes",
        "/api/v1/namespaces/a/pods/b/c/d",
        "/x",
    ],
)
def test_other_paths_name_nothing(path: str) -> None:
    assert target(path) is None


def test_the_old_path_of_a_watch_is_known() -> None:
    found = target("/api/v1/watch/namespaces/a/pods")
    assert found is not None
    assert (found.watch, found.namespace) == (True, "a")
