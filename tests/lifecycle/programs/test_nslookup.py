"""nslookup: what each of its makes says of the same names."""

from __future__ import annotations

import pytest

from lifecycle.programs.network import Endpoint, Service
from tests.lifecycle.programs.world import World

OLD, NEW, BIND = "busybox:1.28", "busybox:1.36", "dnsutils"


def looked_up(image: str, *args: str) -> tuple[int, str, str]:
    world = World()
    world.programs.network.set_service(Service("default", "web", "10.96.1.2", (("", 80),)))
    world.programs.network.set_service(
        Service("default", "db", "None", (("", 80),), (Endpoint("10.244.0.9", (80,), "db-0"), Endpoint("10.244.0.8", (80,))))
    )
    found = world.exec(world.container(image, "sleep", "100"), "nslookup", *args)
    return found.code, found.stdout, found.stderr


def test_bind_searches_and_shows_the_whole_name() -> None:
    code, out, _ = looked_up(BIND, "web")
    assert (code, out.split("\n\n")[1]) == (0, "Name:\tweb.default.svc.cluster.local\nAddress: 10.96.1.2")
    assert "Address:\t10.96.0.10#53\n" in out


def test_busybox_up_to_1_28_searches_and_tells_the_names_of_addresses() -> None:
    server = "Server:    10.96.0.10\nAddress 1: 10.96.0.10 kube-dns.kube-system.svc.cluster.local\n"
    found = "Name:      web.default\nAddress 1: 10.96.1.2 web.default.svc.cluster.local\n"
    assert looked_up(OLD, "web.default") == (0, f"{server}\n{found}", "")
    assert looked_up(OLD, "nope") == (1, f"{server}\n", "nslookup: can't resolve 'nope'\n")
    assert "Address 1: 10.244.0.9 db-0.db.default.svc.cluster.local\n" in looked_up(OLD, "db-0.db")[1]
    assert "Address 2: 10.244.0.8 10-244-0-8.db.default.svc.cluster.local\n" in looked_up(OLD, "db")[1]


@pytest.mark.parametrize("name", ["web", "nope"])
def test_busybox_since_then_asks_in_each_domain_for_a_name_without_a_dot_and_fails_where_one_lacks_it(name: str) -> None:
    code, out, _ = looked_up(NEW, name)
    assert code == 1
    assert out.count(f"** server can't find {name}.svc.cluster.local: NXDOMAIN\n") == 2
    assert ("Name:\tweb.default.svc.cluster.local\nAddress: 10.96.1.2\n" in out) == (name == "web")


def test_busybox_since_then_asks_for_any_other_name_as_it_stands() -> None:
    assert looked_up(NEW, "web.default")[0] == 1
    assert looked_up(NEW, "web.default.svc.cluster.local")[0] == 0


@pytest.mark.parametrize(("image", "end"), [(NEW, "\n"), (BIND, ".\n")])
def test_an_address_has_the_name_of_its_service(image: str, end: str) -> None:
    code, out, _ = looked_up(image, "10.96.1.2")
    assert code == 0
    assert f"2.1.96.10.in-addr.arpa\tname = web.default.svc.cluster.local{end}" in out
    assert looked_up(image, "10.9.9.9")[0] == 1


def test_a_server_that_is_named_is_asked() -> None:
    assert looked_up(NEW, "web.default.svc.cluster.local", "8.8.8.8")[1].startswith("Server:\t\t8.8.8.8\n")
    assert (
        looked_up(NEW, "web.default.svc.cluster.local", "10.1.1.1")[1]
        == ";; connection timed out; no servers could be reached\n\n"
    )
