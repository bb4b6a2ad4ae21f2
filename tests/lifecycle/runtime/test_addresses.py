"""Addresses of a node's subnet."""

from __future__ import annotations

from lifecycle.kubelet.state import NodeState
from lifecycle.runtime.runtime import address, free_address, release_address


def node() -> NodeState:
    return NodeState("n", "172.30.0.10", 0, 0, "10.244.3.0/24")


def test_addresses_are_given_out_in_order_and_come_round() -> None:
    one = node()
    assert [free_address(one, f"s{i}") for i in range(3)] == ["10.244.3.2", "10.244.3.3", "10.244.3.4"]
    release_address(one, "s0")
    assert free_address(one, "next") == "10.244.3.5"
    for i in range(300):
        free_address(one, f"t{i}")
    assert len(set(one.ips)) == 253


def test_a_full_subnet_has_none_left() -> None:
    one = node()
    while free_address(one, "x"):
        pass
    assert free_address(one, "x") is None
    assert address("10.244.3.0/24", 254) == "10.244.3.254"
