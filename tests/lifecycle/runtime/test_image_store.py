"""Images that have several names."""

from __future__ import annotations

import pytest

from lifecycle.kubelet.state import NodeState
from lifecycle.runtime.image_store import ImageStore
from lifecycle.seeds import Seeds
from lifecycle.wire import Image

DIGEST = "sha256:" + "0123456789abcdef" * 4
NGINX = "docker.io/library/nginx"


def node() -> NodeState:
    return NodeState("node1", "172.30.0.10", 0, 0, "10.244.0.0/24")


def pulled(*names: str) -> NodeState:
    found = node()
    found.images = dict.fromkeys(names, 100)
    return found


def test_a_container_shows_the_first_tag_that_the_node_has_of_its_image() -> None:
    store = ImageStore({"nginx": Image(names=("nginx:1.16.1", "nginx:1.14.2"))}, Seeds(1))
    assert store.shown(pulled(f"{NGINX}:latest"), f"{NGINX}:latest")[0] == f"{NGINX}:latest"
    two = pulled(f"{NGINX}:latest", f"{NGINX}:1.16.1")
    assert store.shown(two, f"{NGINX}:latest")[0] == f"{NGINX}:1.16.1"


def test_what_is_present_is_present_under_all_its_names() -> None:
    store = ImageStore({"nginx": Image(present=True, names=("nginx:1.16.1", "nginx:1.14.2"))}, Seeds(1))
    assert store.shown(node(), f"{NGINX}:latest")[0] == f"{NGINX}:1.14.2"
    assert store.find(f"{NGINX}:1.16.1").present


def test_names_of_one_image_share_its_id_and_other_images_have_their_own() -> None:
    store = ImageStore({"nginx": Image(names=("nginx:1.14.2", "demo/app:v1"))}, Seeds(1))
    ids = {store.shown(pulled(name), name)[1].partition("@")[2] for name in store.names(f"{NGINX}:latest")}
    assert len(ids) == 1
    assert store.shown(pulled(f"{NGINX}:1.0"), f"{NGINX}:1.0")[1].partition("@")[2] not in ids
    both = pulled(f"{NGINX}:latest", "docker.io/demo/app:v1")
    assert store.shown(both, f"{NGINX}:latest")[1].startswith("docker.io/demo/app@")


def test_an_id_is_the_same_for_the_same_seed_and_the_digest_where_one_is_named() -> None:
    name = f"{NGINX}:1"
    assert ImageStore({}, Seeds(1)).shown(node(), name) == ImageStore({}, Seeds(1)).shown(node(), name)
    assert ImageStore({}, Seeds(1)).shown(node(), name) != ImageStore({}, Seeds(2)).shown(node(), name)
    assert ImageStore({}, Seeds(1)).shown(node(), f"{NGINX}@{DIGEST}") == (f"{NGINX}@{DIGEST}", f"{NGINX}@{DIGEST}")
    told = ImageStore({"nginx": Image(names=(f"nginx@{DIGEST}",))}, Seeds(1))
    assert told.shown(pulled(f"{NGINX}:latest"), f"{NGINX}:latest") == (f"{NGINX}:latest", f"{NGINX}@{DIGEST}")


@pytest.mark.parametrize("name", [f"{NGINX}:latest", f"{NGINX}:1.14.2"])
def test_an_image_is_stored_once_and_goes_with_all_its_names(name: str) -> None:
    store = ImageStore({"nginx": Image(names=("nginx:1.14.2",))}, Seeds(1))
    both = pulled(f"{NGINX}:latest", f"{NGINX}:1.14.2", "docker.io/library/busybox:1")
    assert sum(store.sizes(both).values()) == 200
    assert store.remove(both, name) == 100
    assert list(both.images) == ["docker.io/library/busybox:1"]
