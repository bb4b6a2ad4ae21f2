"""`podhub cluster` and `kubeconfig`: clusters made, forked and dropped, their clocks, and how kubectl comes to them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from podhub.log.models import Cluster
from tests.podhub.cli.told import WEB, Told, write

pytestmark = pytest.mark.usefixtures("default")


def test_clusters_are_made_listed_and_dropped(podhub: Told) -> None:
    assert podhub("cluster", "create", "big", "--nodes", "3", "--seed", "7", "--start", "2026-01-01T00:00:00Z") == (
        0,
        "cluster/big created\n",
        "",
    )
    assert [line.split()[0] for line in podhub("get", "nodes", "--cluster", "big")[1].splitlines()] == [
        "NAME",
        "node1",
        "node2",
        "node3",
    ]
    _, out, _ = podhub("cluster", "list")
    assert [line.split()[:3] for line in out.splitlines()] == [
        ["NAME", "KIND", "SPEED"],
        ["big", "simulated", "1x"],
        ["default", "simulated", "paused"],
    ]
    assert podhub("cluster", "drop", "big") == (0, 'cluster "big" dropped\n', "")
    assert podhub("cluster", "drop", "big")[0] == 1


def test_a_cluster_s_nodes_find_the_images_that_a_file_says(podhub: Told, tmp_path: Path) -> None:
    images = tmp_path / "images.yaml"
    images.write_text("busybox:1.28: {present: true}")
    manifest = WEB.replace("busybox", "busybox:1.28")
    assert podhub("cluster", "create", "stocked", "--images", str(images), "--speed", "paused")[0] == 0
    assert podhub("apply", "-f", write(tmp_path, manifest), "--cluster", "stocked")[0] == 0
    assert podhub("cluster", "speed", "stocked", "max", "--until", "3s")[0] == 0
    already = 'Container image "busybox:1.28" already present on machine and can be accessed by the pod'
    assert already in podhub("describe", "pod", "web", "--cluster", "stocked")[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("create", "x", "--images", "nofile"), "the path 'nofile' cannot be read"),
        (("create", "Not_a_label"), "is no name for a cluster"),
        (("create", "default"), "cluster 'default' already exists"),
        (("create", "x", "--speed", "warp"), "'warp' is no speed: give 1x"),
        (("create", "x", "--nodes", "0"), "--nodes: give 1 to 1000"),
        (("create", "x", "--nodes", "nofile"), "--nodes: the path 'nofile' cannot be read"),
        (("create", "x", "--start", "noon"), "--start: 'noon' is not a time"),
        (("speed", "default", "warp"), "'warp' is no speed: give 1x"),
        (("speed", "default", "1x", "--until", "3s"), "--until says where a clock at max is to stop"),
        (("speed", "nope", "1x"), "cluster 'nope' not found"),
        (("advance", "nope", "1s"), "cluster 'nope' not found"),
        (("advance", "default", "0"), "'0' is no span to advance by: give 30s"),
        (("advance", "default", "soon"), "'soon' is no span to advance by: give 30s"),
        (("advance", "default", "9000h"), "8760h at most"),
    ],
)
def test_cluster_refuses_with_a_reason(podhub: Told, words: tuple[str, ...], said: str) -> None:
    status, out, err = podhub("cluster", *words)
    assert (status, out) == (1, "")
    assert said in err


@pytest.mark.parametrize(("speed", "at"), [("paused", 2), ("max", 3)])
def test_a_cluster_that_stands_still_goes_on_by_so_much(podhub: Told, tmp_path: Path, speed: str, at: int) -> None:
    podhub("cluster", "create", "steps", "--speed", "paused", "--start", "2026-01-01T00:00:00Z")
    podhub("apply", "-f", write(tmp_path, WEB), "--cluster", "steps")
    assert podhub("cluster", "advance", "steps", "2s") == (0, "cluster/steps advanced to 2026-01-01T00:00:02Z\n", "")
    podhub("cluster", "speed", "steps", speed, *(("--until", "3s") if speed == "max" else ()))

    def restarts(span: str) -> tuple[str, str]:
        said = podhub("cluster", "advance", "steps", span)[1]
        path = "jsonpath={.status.containerStatuses[0].restartCount}"
        return said, podhub("get", "pod", "web", "--cluster", "steps", "-o", path)[1]

    assert restarts("1s") == (f"cluster/steps advanced to 2026-01-01T00:00:0{at + 1}Z\n", "0")
    assert restarts("5s") == (f"cluster/steps advanced to 2026-01-01T00:00:0{at + 6}Z\n", "1")
    assert restarts("1h")[0] == f"cluster/steps advanced to 2026-01-01T01:00:0{at + 6}Z\n"
    assert podhub("cluster", "speed", "steps")[1] == f"{speed}\n"
    assert podhub("verify", "--cluster", "steps")[0] == 0


def test_a_clock_that_goes_on_goes_on_after_an_advance(podhub: Told) -> None:
    podhub("cluster", "speed", "default", "10x")
    start = Cluster.objects.get(name="default").start
    assert podhub("cluster", "advance", "default", "1h")[0] == 0
    cluster = Cluster.objects.get(name="default")
    assert (cluster.speed, cluster.clock_at >= start + 3_600_000_000) == ("10x", True)


def test_a_moment_that_is_over_is_no_place_to_stop(podhub: Told) -> None:
    podhub("cluster", "advance", "default", "10s")
    status, _, err = podhub("cluster", "speed", "default", "max", "--until", "9s")
    assert (status, err.startswith("error: --until: 9s is over: the cluster is at ")) == (1, True)


def test_a_cluster_s_speed_is_set_and_shown(podhub: Told) -> None:
    assert podhub("cluster", "speed", "default") == (0, "paused\n", "")
    assert podhub("cluster", "speed", "default", "60x") == (0, "cluster/default 60x\n", "")
    assert podhub("cluster", "speed", "default")[1] == "60x\n"


def test_a_fork_goes_on_by_itself_from_a_moment(crashed: Told) -> None:
    assert crashed("cluster", "create", "twin", "--from", "default@4s", "--speed", "paused")[:2] == (
        0,
        "cluster/twin created\n",
    )
    assert crashed("delete", "pod", "web", "--force", "--cluster", "twin")[0] == 0
    assert crashed("get", "pod", "web", "--cluster", "twin")[0] == 1
    assert crashed("get", "pod", "web", "--cluster", "twin", "--at", "3s")[0] == 0
    assert crashed("get", "pod", "web")[0] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "nowhere"), "error: cluster 'nowhere' not found"),
        (("--from", "default@soon"), "'soon' is no moment"),
        (("--from", "default@9h"), "has not happened yet"),
        (("--from", "default", "--seed", "0"), "--seed and --from exclude each other"),
        (("--from", "default", "--speed", "fast"), "'fast' is no speed"),
    ],
)
def test_a_fork_that_cannot_be_is_refused(crashed: Told, words: tuple[str, ...], said: str) -> None:
    status, _, err = crashed("cluster", "create", "twin", *words)
    assert status == 1
    assert said in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--speed", "0.000000000001x"), "is no speed: give 1x"),
        (("--start", "9999-12-31T23:59:50Z"), "--start: '9999-12-31T23:59:50Z' is out of reach"),
        (("--seed", str(1 << 63)), "is no seed"),
    ],
)
def test_a_cluster_that_cannot_live_is_not_made(podhub: Told, words: tuple[str, ...], said: str) -> None:
    status, _, err = podhub("cluster", "create", "odd", *words)
    assert status == 1
    assert said in err
    assert "odd" not in podhub("cluster", "list")[1]


@pytest.mark.parametrize("until", ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-10:00"])
def test_no_clock_is_sent_to_the_end_of_all_dates(podhub: Told, until: str) -> None:
    status, _, err = podhub("cluster", "speed", "default", "max", "--until", until)
    assert status == 1
    assert "out of reach" in err or "is no moment" in err
    assert podhub("cluster", "list")[0] == 0


def test_a_kubeconfig_needs_an_address(podhub: Told) -> None:
    status, out, err = podhub("kubeconfig", "--server", "127.0.0.1:9999")
    assert (status, out) == (1, "")
    assert err == "error: --server: '127.0.0.1:9999' is no address such as http://127.0.0.1:8000\n"


def test_a_kubeconfig_has_a_context_for_every_cluster(podhub: Told) -> None:
    status, out, _ = podhub("kubeconfig", "--server", "http://127.0.0.1:9999/")
    config = yaml.safe_load(out)
    assert (status, config["current-context"]) == (0, "podhub-default")
    reached = {"server": "http://127.0.0.1:9999/clusters/default", "insecure-skip-tls-verify": True}
    assert config["clusters"] == [{"name": "podhub-default", "cluster": reached}]
    secured = yaml.safe_load(podhub("kubeconfig", "--server", "https://podhub.example")[1])
    assert secured["clusters"][0]["cluster"] == {"server": "https://podhub.example/clusters/default"}


def test_a_kubeconfig_may_be_for_a_moment(crashed: Told) -> None:
    _, out, _ = crashed("kubeconfig", "--at", "seq-20")
    assert yaml.safe_load(out)["current-context"] == "podhub-default@seq-20"
