"""The images that a kubelet tells of in its node's status."""

from __future__ import annotations

from typing import Any

from lifecycle.wire import Image
from tests.lifecycle.kubelet.cluster import Cluster, container


def images(cluster: Cluster) -> list[dict[str, Any]]:
    node = cluster.api.get("nodes", "", "node1")
    assert node
    found: list[dict[str, Any]] = node["status"].get("images") or []
    return found


def tags(cluster: Cluster) -> list[str]:
    return [image["names"][1] for image in images(cluster)]


def test_what_was_pulled_is_told_within_the_minute_the_largest_first() -> None:
    cluster = Cluster(images={"big:1": Image(size=9_000)})
    for image in ("slow:1", "big:1"):
        cluster.create(container(image=image), name=image.partition(":")[0])
    assert images(cluster) == []
    cluster.run(60)
    assert tags(cluster) == ["docker.io/library/app:1", "docker.io/library/big:1", "docker.io/library/slow:1"]
    big = images(cluster)[1]
    assert big["names"][0].startswith("docker.io/library/big@sha256:")
    assert big["sizeBytes"] == 9_000
    told = [change for change in cluster.changes("Node") if change.type == "MODIFIED"]
    cluster.run(300)
    assert [change for change in cluster.changes("Node") if change.type == "MODIFIED"] == told


def test_names_of_one_image_stand_together() -> None:
    cluster = Cluster(images={"one:1": Image(size=7, names=("one:latest",)), "one:latest": Image(size=7)})
    for name, image in (("a", "one:1"), ("b", "one:latest")):
        cluster.create(container(image=image), name=name)
    cluster.run(60)
    (found,) = [image for image in images(cluster) if image["sizeBytes"] == 7]
    assert found["names"][1:] == ["docker.io/library/one:1", "docker.io/library/one:latest"]


def test_no_more_than_the_fifty_largest_are_told() -> None:
    cluster = Cluster(images={f"i{n}:1": Image(pull="1ms", size=n) for n in range(60)})
    for n in range(60):
        cluster.create(container(image=f"i{n}:1"), name=f"p{n}")
    cluster.run(120)
    found = images(cluster)
    assert len(found) == 50
    assert [image["sizeBytes"] for image in found[1:3]] == [59, 58]


def test_a_kubelet_that_is_down_tells_of_them_when_it_is_back() -> None:
    cluster = Cluster()
    cluster.create(container(image="slow:1"))
    cluster.run(6)
    cluster.kubelet.stop("node1", "f")
    cluster.run(120)
    assert images(cluster) == []
    cluster.kubelet.start("node1", "f")
    cluster.run(60)
    assert "docker.io/library/slow:1" in tags(cluster)
