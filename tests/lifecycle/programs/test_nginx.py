"""nginx with a configuration from a volume: locations, servers behind it, and what keeps it from starting."""

from __future__ import annotations

import pytest

from lifecycle.programs import Mount
from tests.lifecycle.programs.world import World

PROXY = """upstream app { server 10.244.0.6:8080; }
server {
  listen 80;
  location / { root /usr/share/nginx/html; index index.html; }
  location /api/ { proxy_pass http://app/; }
  location /same { proxy_pass http://app; }
  location = /exact { return 200 "exact\\n"; }
  location ~ [.]php$ { return 404; }
  location /ring { proxy_pass http://127.0.0.1; }
  location /gone { proxy_pass http://10.244.0.6:9999; }
}
"""
ECHO = "listens: [{port: 8080}]\nanswers:\n- {path: /hello, body: from behind}\n- {path: /same, status: 418}\n- {status: 404}\n"


def proxied(configuration: str = PROXY, **more: object) -> World:
    world = World()
    world.pod("web")
    world.pod("app")
    world.programs.set_volume("conf", {"default.conf": configuration.encode()})
    world.container("acme/app", pod="app", name="app", behavior=ECHO)
    mounts = (Mount("/etc/nginx/conf.d", "conf", "", True),)
    world.container("nginx", pod="web", name="nginx", mounts=mounts, **more)
    world.run(1)
    return world


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/api/hello", 200, "from behind"),
        ("/api/nothing", 404, ""),
        ("/same", 418, ""),
        ("/exact", 200, "exact\n"),
        ("/a.php", 404, None),
        ("/ring", 500, None),
        ("/gone", 502, None),
    ],
)
def test_locations_answer_or_pass_requests_on(path: str, status: int, body: str | None) -> None:
    result = proxied().get(path)
    assert result.status == status
    assert body is None or body in result.body
    assert ("Server", "nginx/1.22.1") in result.headers


def test_a_server_behind_that_refuses_is_in_the_error_log() -> None:
    world = proxied()
    world.get("/gone")
    assert "connect() failed (111: Connection refused) while connecting to upstream" in world.output()


def test_nginx_does_not_start_while_the_name_of_a_server_behind_means_nothing() -> None:
    world = proxied("server {\n  location / { proxy_pass http://backend:8080; }\n}\n")
    assert world.exit_of("web/nginx")[1].code == 1
    assert 'nginx: [emerg] host not found in upstream "backend" in /etc/nginx/conf.d/default.conf:2\n' in world.output()


def test_nginx_does_not_start_in_a_read_only_root() -> None:
    world = proxied(read_only=True)
    assert world.exit_of("web/nginx")[1].code == 1
    assert 'mkdir() "/var/cache/nginx/client_temp" failed (30: Read-only file system)\n' in world.output()


def test_nginx_does_not_start_as_somebody_else_than_root() -> None:
    world = proxied(user=1000)
    assert world.exit_of("web/nginx")[1].code == 1
    assert '[emerg] mkdir() "/var/cache/nginx/client_temp" failed (13: Permission denied)\n' in world.output()


def two_for_one_port() -> World:
    world = World()
    for name in ("first", "second"):
        world.container("nginx", name=name)
    return world


def test_a_port_that_is_taken_is_tried_for_two_and_a_half_seconds() -> None:
    world = two_for_one_port()
    world.run(10)
    at, result = world.exit_of("pod/second")
    assert (round(at, 1), result.code) == (2.5, 1)
    assert world.output().count("nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)") == 5
    assert "nginx: [emerg] still could not bind()" in world.output()


def test_a_port_that_is_free_in_time_is_had() -> None:
    world = two_for_one_port()
    world.run(0.2)
    world.programs.signal("pod/first", "SIGQUIT")
    world.run(10)
    assert world.exit_of("pod/second") is None
    assert world.get("/").status == 200


def test_nginx_heeds_no_signal_before_it_has_its_ports() -> None:
    world = two_for_one_port()
    world.run(1)
    world.programs.signal("pod/second", "SIGQUIT")
    world.run(2)
    assert world.exit_of("pod/second") is None


@pytest.mark.parametrize(
    ("image", "release"), [("nginx:1.14.2", "1.14.2"), ("nginx:1.25-alpine", "1.25.5"), ("nginx:latest", "1.22.1")]
)
def test_the_release_is_the_one_that_the_tag_names(image: str, release: str) -> None:
    world = World()
    container = world.container(image)
    world.run(1)
    assert f"nginx/{release}\n" in world.output()
    assert world.exec(container, "printenv", "NGINX_VERSION").stdout == f"{release}\n"
    assert f"Server: nginx/{release}\r\n" in world.exec(container, "curl", "-sI", "localhost").stdout


def test_the_entry_point_tells_what_it_configures() -> None:
    world = World()
    world.nginx()
    lines = world.output().split("\n")
    assert lines[0] == "/docker-entrypoint.sh: /docker-entrypoint.d/ is not empty, will attempt to perform configuration"
    default = "/etc/nginx/conf.d/default.conf"
    assert f"10-listen-on-ipv6-by-default.sh: info: Enabled listen on IPv6 in {default}" in lines
    assert lines[8] == "/docker-entrypoint.sh: Configuration complete; ready for start up"


def test_releases_before_the_entry_point_have_none() -> None:
    world = World()
    world.container("nginx:1.18")
    world.run(1)
    assert "docker-entrypoint" not in world.output()


def test_the_entry_point_says_nothing_of_other_commands() -> None:
    world = World()
    world.container("nginx", args=("echo", "hello"))
    world.run(1)
    assert world.output() == "hello\n"


def test_a_default_site_that_is_not_the_images_own_is_left_alone() -> None:
    said = proxied().output()
    assert "info: can not modify /etc/nginx/conf.d/default.conf (read-only file system?)\n" in said


def test_templates_are_filled_in_with_the_variables_that_are_set() -> None:
    world = World()
    text = b'server { listen ${PORT}; location / { return 200 "$host $GREETING"; } }\n'
    world.programs.set_volume("templates", {"site.conf.template": text})
    mounts = (Mount("/etc/nginx/templates", "templates", "", True),)
    container = world.container("nginx", env=(("PORT", "8080"), ("GREETING", "hello")), mounts=mounts)
    world.run(1)
    running = "Running envsubst on /etc/nginx/templates/site.conf.template to /etc/nginx/conf.d/site.conf\n"
    assert f"20-envsubst-on-templates.sh: {running}" in world.output()
    assert '"$host hello"' in world.exec(container, "cat", "/etc/nginx/conf.d/site.conf").stdout
    assert world.get("/", port=8080).status == 200


def test_scripts_that_others_put_in_place_of_the_images_own_are_launched() -> None:
    world = World()
    script = b"#!/bin/sh\necho made > /usr/share/nginx/html/made.html\n"
    world.programs.set_volume("more", {"99-mine.sh": script}, modes={"99-mine.sh": 0o755})
    mounts = (Mount("/docker-entrypoint.d", "more", "", True),)
    world.container("nginx", mounts=mounts)
    world.run(1)
    assert "/docker-entrypoint.sh: Launching /docker-entrypoint.d/99-mine.sh\n" in world.output()
    assert world.get("/made.html").body == "made\n"
