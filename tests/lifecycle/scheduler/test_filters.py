"""Filters that look at more than one node: affinity between Pods, spreading, claims."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lifecycle.controllers.bootstrap import default_node, whole_node
from lifecycle.core_v1.persistent_volumes import BIND_COMPLETED, SELECTED_NODE
from lifecycle.scheduler import volumes
from lifecycle.scheduler.cache import Cache
from lifecycle.scheduler.candidate import Candidate
from lifecycle.scheduler.filters import reject
from lifecycle.scheduler.nodes import PodInfo
from lifecycle.scheduler.pod_affinity import AFFINITY, ANTI_AFFINITY, EXISTING
from lifecycle.scheduler.topology_spread import NO_LABEL, UNEVEN
from lifecycle.scheduler.volumes import PodClaims, Refusal, pod_claims
from lifecycle.wire import Object
from tests.lifecycle.rooms import pod as posted

ZONE = "topology.kubernetes.io/zone"
HOST = "kubernetes.io/hostname"


def pod(name: str = "new", app: str = "web", namespace: str = "default", **spec: Any) -> Object:
    made = posted(name, **spec)
    metadata = {"name": name, "namespace": namespace, "uid": f"uid-{namespace}-{name}", "labels": {"app": app}}
    return {**made, "metadata": metadata, "status": {}}


def cluster(**zones: str) -> Cache:
    """Return nodes by name, each in a zone (an empty one: without that label)."""
    cache = Cache()
    for number, (name, zone) in enumerate(zones.items()):
        node = whole_node(default_node(name), number, "2026-01-01T00:00:00Z")
        labels = {HOST: name, **({ZONE: zone} if zone else {})}
        cache.set_node({**node, "metadata": {**node["metadata"], "labels": labels}})
    return cache


def put(cache: Cache, node: str, *pods: Object) -> None:
    for one in pods:
        cache.set_pod(PodInfo.of(one), node)


class Objects:
    """What a test's cluster holds, by resource and name."""

    def __init__(self, **resources: dict[str, Object]) -> None:
        self.resources = resources

    def get(self, resource: str, namespace: str, name: str) -> Object | None:
        return self.resources.get(resource, {}).get(name)

    def list(self, resource: str, namespace: str | None = None) -> Iterator[Object]:
        return iter(self.resources.get(resource, {}).values())


def why(cache: Cache, incoming: Object, **namespaces: dict[str, str]) -> dict[str, Any]:
    """Return for each node why it will not do, or None."""
    return _why(cache, Candidate.among(incoming, cache, lambda name: namespaces.get(name, {}), Objects()))


def _why(cache: Cache, candidate: Candidate) -> dict[str, Any]:
    rejections = {node.name: reject(candidate, node) for node in cache}
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


def claim(name: str = "data", volume: str = "", **spec: Any) -> Object:
    """Return a claim, bound if it has a volume."""
    annotations = {BIND_COMPLETED: "yes"} if volume else {}
    asked = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **spec}
    metadata = {"name": name, "namespace": "default", "uid": f"uid-{name}", "annotations": annotations}
    return {"metadata": metadata, "spec": {**asked, **({"volumeName": volume} if volume else {})}, "status": {}}


def volume(name: str, size: str = "1Gi", node: str = "", **spec: Any) -> Object:
    affinity = {"nodeSelectorTerms": [{"matchExpressions": [{"key": HOST, "operator": "In", "values": [node]}]}]}
    where = {"nodeAffinity": {"required": affinity}} if node else {}
    asked = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": size}, **where, **spec}
    return {"metadata": {"name": name}, "spec": asked, "status": {"phase": "Available"}}


def using(*claims: str, **spec: Any) -> Object:
    """Return a Pod that uses claims."""
    given = [{"name": f"v{n}", "persistentVolumeClaim": {"claimName": name}} for n, name in enumerate(claims)]
    return pod(volumes=given, **spec)


LEAVING = claim("leaving", "pv")
LEAVING["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
LOST = {**claim("lost", "pv"), "status": {"phase": "Lost"}}


@pytest.mark.parametrize(
    ("source", "plugin", "reason"),
    [
        ({"persistentVolumeClaim": {"claimName": "unbound"}}, "VolumeBinding", volumes.UNBOUND),
        (
            {"persistentVolumeClaim": {"claimName": "leaving"}},
            "VolumeBinding",
            'persistentvolumeclaim "leaving" is being deleted',
        ),
        (
            {"persistentVolumeClaim": {"claimName": "lost"}},
            "VolumeBinding",
            'persistentvolumeclaim "lost" bound to non-existent persistentvolume "pv"',
        ),
        ({"persistentVolumeClaim": {"claimName": "nope"}}, "VolumeRestrictions", 'persistentvolumeclaim "nope" not found'),
        (
            {"ephemeral": {"volumeClaimTemplate": {}}},
            "VolumeBinding",
            'waiting for ephemeral volume controller to create the persistentvolumeclaim "new-data"',
        ),
    ],
)
def test_claims_must_be_there_and_bound(source: Object, plugin: str, reason: str):
    objects = Objects(persistentvolumeclaims={"unbound": claim("unbound"), "leaving": LEAVING, "lost": LOST})
    assert pod_claims(pod(volumes=[{"name": "data", **source}]), objects) == Refusal(plugin, reason)


def test_a_pod_without_claims_asks_for_none():
    assert pod_claims(pod(volumes=[{"name": "data", "emptyDir": {}}]), Objects()) is None


def why_with_claims(cache: Cache, incoming: Object, objects: Objects) -> dict[str, Any]:
    claims = pod_claims(incoming, objects)
    assert isinstance(claims, PodClaims)
    return _why(cache, Candidate.among(incoming, cache, lambda name: {}, objects, claims))


def test_a_bound_volume_draws_the_pod_to_the_nodes_that_reach_it():
    objects = Objects(persistentvolumeclaims={"data": claim(volume="pv")}, persistentvolumes={"pv": volume("pv", node="a")})
    assert why_with_claims(cluster(a="1", b="1"), using("data"), objects) == {"a": None, "b": volumes.NODE_CONFLICT}


def test_a_claim_whose_volume_is_gone_keeps_the_pod_from_every_node():
    objects = Objects(persistentvolumeclaims={"data": claim(volume="pv")})
    assert why_with_claims(cluster(a="1"), using("data"), objects) == {"a": volumes.NO_SUCH_VOLUME}


def test_a_volume_that_names_its_zone_is_used_there_alone():
    zoned = volume("pv")
    zoned["metadata"]["labels"] = {ZONE: "1__3"}
    objects = Objects(persistentvolumeclaims={"data": claim(volume="pv")}, persistentvolumes={"pv": zoned})
    expected = {"a": None, "b": volumes.ZONE_CONFLICT, "c": None}
    assert why_with_claims(cluster(a="1", b="2", c=""), using("data"), objects) == expected


WAITING = {
    "metadata": {"name": "slow"},
    "provisioner": "kubernetes.io/no-provisioner",
    "volumeBindingMode": "WaitForFirstConsumer",
}


def test_an_open_claim_that_waits_for_a_pod_takes_a_node_that_has_a_volume_for_it():
    objects = Objects(
        persistentvolumeclaims={"data": claim(storageClassName="slow")},
        persistentvolumes={
            "small": volume("small", "500Mi", "b", storageClassName="slow"),
            "right": volume("right", "2Gi", "a", storageClassName="slow"),
        },
        storageclasses={"slow": WAITING},
    )
    cache = cluster(a="1", b="1")
    assert why_with_claims(cache, using("data"), objects) == {"a": None, "b": volumes.BIND_CONFLICT}
    claims = pod_claims(using("data"), objects)
    assert isinstance(claims, PodClaims)
    choice = volumes.choose(claims, cache.nodes["a"], objects)
    assert choice is not None
    assert [found["metadata"]["name"] for _, found in choice.matches] == ["right"]


def test_two_claims_never_take_the_same_volume():
    objects = Objects(
        persistentvolumeclaims={name: claim(name, storageClassName="slow") for name in ("one", "two")},
        persistentvolumes={"pv": volume("pv", node="a", storageClassName="slow")},
        storageclasses={"slow": WAITING},
    )
    assert why_with_claims(cluster(a="1"), using("one", "two"), objects) == {"a": volumes.BIND_CONFLICT}


def test_a_class_that_makes_volumes_makes_them_in_its_topologies_alone():
    allowed = [{"matchLabelExpressions": [{"key": ZONE, "values": ["2"]}]}]
    maker = {**WAITING, "provisioner": "disk.example.com", "allowedTopologies": allowed}
    objects = Objects(persistentvolumeclaims={"data": claim(storageClassName="slow")}, storageclasses={"slow": maker})
    assert why_with_claims(cluster(a="1", b="2"), using("data"), objects) == {"a": volumes.BIND_CONFLICT, "b": None}


def test_a_claim_for_which_a_node_was_chosen_before_stays_with_it():
    chosen = claim(storageClassName="slow")
    chosen["metadata"]["annotations"] = {SELECTED_NODE: "b"}
    maker = {**WAITING, "provisioner": "disk.example.com"}
    objects = Objects(persistentvolumeclaims={"data": chosen}, storageclasses={"slow": maker})
    assert why_with_claims(cluster(a="1", b="2"), using("data"), objects) == {"a": volumes.BIND_CONFLICT, "b": None}


def test_a_claim_for_one_pod_alone_keeps_a_second_one_from_every_node():
    alone = claim(volume="pv", accessModes=["ReadWriteOncePod"])
    objects = Objects(persistentvolumeclaims={"data": alone}, persistentvolumes={"pv": volume("pv")})
    cache = cluster(a="1", b="1")
    assert why_with_claims(cache, using("data"), objects) == {"a": None, "b": None}
    first = using("data")
    first["metadata"] = {**first["metadata"], "name": "first", "uid": "uid-first"}
    put(cache, "a", first)
    assert why_with_claims(cache, using("data"), objects) == {"a": volumes.IN_USE, "b": volumes.IN_USE}
