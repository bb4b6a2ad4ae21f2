"""Filters that look at more than one node: affinity between Pods, spreading, claims."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.controllers.bootstrap import default_node, whole_node
from lifecycle.scheduler.filters import Candidate, reject
from lifecycle.scheduler.nodes import NodeInfo, PodInfo
from lifecycle.scheduler.pod_affinity import AFFINITY, ANTI_AFFINITY, EXISTING
from lifecycle.scheduler.topology_spread import NO_LABEL, UNEVEN
from lifecycle.scheduler.volumes import UNBOUND, missing_claim
from lifecycle.wire import Object
from tests.lifecycle.rooms import pod as posted

ZONE = "topology.kubernetes.io/zone"
HOST = "kubernetes.io/hostname"


def pod(name: str = "new", app: str = "web", namespace: str = "default", **spec: Any) -> Object:
    made = posted(name, **spec)
    metadata = {"name": name, "namespace": namespace, "uid": f"uid-{namespace}-{name}", "labels": {"app": app}}
    return {**made, "metadata": metadata, "status": {}}


def cluster(**zones: str) -> dict[str, NodeInfo]:
    """Return nodes by name, each in a zone (an empty one: without that label)."""
    nodes = {}
    for number, (name, zone) in enumerate(zones.items()):
        node = whole_node(default_node(name), number, "2026-01-01T00:00:00Z")
        labels = {HOST: name, **({ZONE: zone} if zone else {})}
        nodes[name] = NodeInfo({**node, "metadata": {**node["metadata"], "labels": labels}})
    return nodes


def put(nodes: dict[str, NodeInfo], node: str, *pods: Object) -> None:
    for one in pods:
        nodes[node].add(PodInfo.of(one))


def why(nodes: dict[str, NodeInfo], incoming: Object, **namespaces: dict[str, str]) -> dict[str, Any]:
    """Return for each node why it will not do, or None."""
    candidate = Candidate.among(incoming, nodes.values(), lambda name: namespaces.get(name, {}))
    rejections = {name: reject(candidate, node) for name, node in nodes.items()}
    return {name: rejection.reasons[0] if rejection else None for name, rejection in rejections.items()}


def term(app: str, key: str = ZONE, **more: Any) -> Object:
    return {"topologyKey": key, "labelSelector": {"matchLabels": {"app": app}}, **more}


def near(*terms: Object) -> Object:
    return {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": list(terms)}}


def away(*terms: Object) -> Object:
    return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": list(terms)}}


def test_a_pod_goes_to_the_zone_of_those_it_wants_to_be_near():
    nodes = cluster(a="1", b="1", c="2")
    put(nodes, "a", pod("db-0", "db"))
    assert why(nodes, pod(affinity=near(term("db")))) == {"a": None, "b": None, "c": AFFINITY}


def test_the_first_of_its_kind_may_go_anywhere_that_has_the_label():
    nodes = cluster(a="1", b="")
    assert why(nodes, pod(affinity=near(term("web")))) == {"a": None, "b": AFFINITY}
    assert why(nodes, pod(affinity=near(term("db")))) == {"a": AFFINITY, "b": AFFINITY}


def test_affinity_holds_only_where_one_pod_matches_all_terms():
    nodes = cluster(a="1", b="2")
    put(nodes, "a", pod("db-0", "db"))
    both = near(term("db"), {"topologyKey": ZONE, "labelSelector": {"matchLabels": {"tier": "back"}}})
    assert why(nodes, pod(affinity=both)) == {"a": AFFINITY, "b": AFFINITY}


def test_a_pod_stays_away_from_its_like_and_its_like_keep_others_away():
    nodes = cluster(a="1", b="2")
    put(nodes, "a", pod("web-0", affinity=away(term("web", HOST))))
    assert why(nodes, pod(affinity=away(term("web", HOST)))) == {"a": ANTI_AFFINITY, "b": None}
    assert why(nodes, pod()) == {"a": EXISTING, "b": None}


def test_terms_are_about_the_pods_own_namespace_unless_they_name_or_select_others():
    nodes = cluster(a="1", b="2")
    put(nodes, "a", pod("db-0", "db", namespace="data"))
    assert why(nodes, pod(affinity=away(term("db"))))["a"] is None
    assert why(nodes, pod(affinity=away(term("db", namespaces=["data"]))))["a"] == ANTI_AFFINITY
    selecting = away(term("db", namespaceSelector={"matchLabels": {"team": "x"}}))
    assert why(nodes, pod(affinity=selecting), data={"team": "x"})["a"] == ANTI_AFFINITY
    assert why(nodes, pod(affinity=selecting), data={"team": "y"})["a"] is None


def test_match_label_keys_narrow_a_term_to_the_pods_own_values():
    nodes = cluster(a="1")
    put(nodes, "a", pod("old", "web"))
    everything: Object = {"topologyKey": ZONE, "labelSelector": {}}
    assert why(nodes, pod(app="other", affinity=away(everything)))["a"] == ANTI_AFFINITY
    assert why(nodes, pod(app="other", affinity=away({**everything, "matchLabelKeys": ["app"]})))["a"] is None
    assert why(nodes, pod(app="web", affinity=away({**everything, "matchLabelKeys": ["app"]})))["a"] == ANTI_AFFINITY


def spread(max_skew: int = 1, key: str = ZONE, **more: Any) -> list[Object]:
    selector = {"matchLabels": {"app": "web"}}
    return [{"maxSkew": max_skew, "topologyKey": key, "whenUnsatisfiable": "DoNotSchedule", "labelSelector": selector, **more}]


def test_pods_are_spread_no_more_unevenly_than_they_allow():
    nodes = cluster(a="1", b="2", c="")
    put(nodes, "a", pod("web-0"), pod("web-1"))
    put(nodes, "b", pod("web-2"), pod("db", "db"))
    assert why(nodes, pod(topologySpreadConstraints=spread())) == {"a": UNEVEN, "b": None, "c": NO_LABEL}
    assert why(nodes, pod(topologySpreadConstraints=spread(2))) == {"a": None, "b": None, "c": NO_LABEL}


def test_terminating_pods_and_those_of_other_namespaces_do_not_count():
    nodes = cluster(a="1", b="2")
    leaving = pod("web-0")
    leaving["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    put(nodes, "a", leaving, pod("web-1", namespace="other"))
    assert why(nodes, pod(topologySpreadConstraints=spread())) == {"a": None, "b": None}


def test_too_few_domains_count_as_if_one_were_empty():
    nodes = cluster(a="1", b="2")
    put(nodes, "a", pod("web-0"))
    put(nodes, "b", pod("web-1"))
    assert why(nodes, pod(topologySpreadConstraints=spread(minDomains=2)))["a"] is None
    assert why(nodes, pod(topologySpreadConstraints=spread(minDomains=3)))["a"] == UNEVEN


def test_nodes_that_the_pod_may_not_use_are_no_domains_unless_they_are_to_count():
    nodes = cluster(a="1", b="2")
    put(nodes, "a", pod("web-0"))
    chosen = {"nodeSelector": {HOST: "a"}}
    assert why(nodes, pod(topologySpreadConstraints=spread(), **chosen))["a"] is None
    ignoring = spread(nodeAffinityPolicy="Ignore")
    assert why(nodes, pod(topologySpreadConstraints=ignoring, **chosen))["a"] == UNEVEN


def test_a_constraint_that_need_not_hold_keeps_no_pod_away():
    nodes = cluster(a="1", b="2")
    put(nodes, "a", pod("web-0"), pod("web-1"))
    assert why(nodes, pod(topologySpreadConstraints=spread(whenUnsatisfiable="ScheduleAnyway")))["a"] is None


CLAIMS: dict[str, Object] = {
    "bound": {"metadata": {}, "spec": {"volumeName": "pv"}, "status": {"phase": "Bound"}},
    "unbound": {"metadata": {}, "spec": {}},
    "leaving": {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}, "spec": {"volumeName": "pv"}},
}


@pytest.mark.parametrize(
    ("volume", "reason"),
    [
        ({"persistentVolumeClaim": {"claimName": "bound"}}, None),
        ({"persistentVolumeClaim": {"claimName": "unbound"}}, UNBOUND),
        ({"persistentVolumeClaim": {"claimName": "leaving"}}, 'persistentvolumeclaim "leaving" is being deleted'),
        ({"persistentVolumeClaim": {"claimName": "nope"}}, 'persistentvolumeclaim "nope" not found'),
        (
            {"ephemeral": {"volumeClaimTemplate": {}}},
            'waiting for ephemeral volume controller to create the persistentvolumeclaim "new-data"',
        ),
        ({"emptyDir": {}}, None),
    ],
)
def test_claims_must_be_there_and_bound(volume: Object, reason: str | None):
    incoming = pod(volumes=[{"name": "data", **volume}])
    assert missing_claim(incoming, lambda namespace, name: CLAIMS.get(name)) == reason
