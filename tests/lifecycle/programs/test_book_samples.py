"""Servers that books and courses bring for their exercises."""

from __future__ import annotations

import pytest

from tests.lifecycle.programs.world import World


def started(image: str, **more: object) -> World:
    world = World()
    world.container(image, **more)
    world.run(1)
    return world


@pytest.mark.parametrize(
    ("image", "port", "path", "body"),
    [
        ("luksa/kubia", 8080, "/", "You've hit pod\n"),
        ("luksa/kubia:v2", 8080, "/", "This is v2 running in pod pod\n"),
        ("quay.io/openshiftlabs/simpleservice:0.5.0", 9876, "/health", '{"healthy": "true"}'),
        ("guangzhengli/hellok8s:v3", 3000, "/", "[v3] Hello, Kubernetes!, From host: pod"),
    ],
)
def test_a_sample_says_what_its_book_says(image: str, port: int, path: str, body: str) -> None:
    found = started(image).get(path, port=port)
    assert (found.status, found.body) == (200, body)


def test_simpleservice_tells_its_version_and_who_asks() -> None:
    world = started("simpleservice:0.5.0", env=(("SIMPLE_SERVICE_VERSION", "1.0"),))
    assert world.get("/info", port=9876).body == '{"host": "10.244.0.5:9876", "version": "1.0", "from": "10.244.0.1"}'
    assert '"version": "0.5.0"' in started("simpleservice:0.5.0").get("/info", port=9876).body
    assert "'SIMPLE_SERVICE_VERSION': '1.0'" in world.get("/env", port=9876).body


@pytest.mark.parametrize(("image", "asked"), [("luksa/kubia-unhealthy", 5), ("luksa/kubia:v3", 4)])
def test_some_fail_after_a_few_requests(image: str, asked: int) -> None:
    world = started(image)
    assert [world.get("/", port=8080).status for _ in range(asked + 2)] == [200] * asked + [500] * 2


def test_some_fail_after_a_while() -> None:
    world = started("hellok8s:liveness")
    assert world.get("/healthz", port=3000).status == 200
    world.run(20)
    assert world.get("/healthz", port=3000).status == 500
    assert started("hellok8s:bad").get("/healthz", port=3000).status == 500


def test_a_server_in_node_does_not_heed_the_signal_to_end() -> None:
    world = started("luksa/kubia")
    world.programs.signal("pod/app", "SIGTERM")
    world.run(30)
    assert world.exit_of() is None


@pytest.mark.parametrize(
    ("image", "listed"),
    [
        ("busybox", "bin dev etc home lib lib64 proc root sys tmp usr var"),
        ("alpine", "bin dev etc home lib media mnt opt proc root run sbin srv sys tmp usr var"),
        ("debian", "bin boot dev etc home lib lib64 media mnt opt proc root run sbin srv sys tmp usr var"),
        (
            "nginx",
            "bin boot dev docker-entrypoint.d docker-entrypoint.sh etc home lib lib64 media mnt opt proc root run sbin srv "
            "sys tmp usr var",
        ),
    ],
)
def test_an_image_has_the_directories_of_its_system(image: str, listed: str) -> None:
    world = World()
    assert world.exec(world.container(image, "sleep", "100"), "ls", "/").stdout.split() == listed.split()


def test_a_shell_is_found_beside_hello_app() -> None:
    world = World()
    container = world.container("gcr.io/google-samples/hello-app:2.0", user=2000)
    world.run(1)
    assert "2000" in world.exec(container, "sh", "-c", "ps").stdout
    assert world.get("/", port=8080).body == "Hello, world!\nVersion: 2.0.0\nHostname: pod\n"
