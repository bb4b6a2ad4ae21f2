"""What nginx finds wrong in a configuration."""

from __future__ import annotations

import pytest

from lifecycle.programs import Mount
from lifecycle.programs.commands.nginx_syntax import problem
from tests.lifecycle.programs.world import World

GOOD = r"""
user nginx;  # who the workers are
worker_processes auto;
events { worker_connections 1024; }
http {
  include /etc/nginx/mime.types;
  types { text/plain txt; application/wasm wasm; }
  log_format main '$remote_addr - "$request" '
                  '{"status": $status};';
  map $http_upgrade $connection_upgrade { default upgrade; '' close; }
  upstream app { server 10.0.0.1:8080 weight=2; server unix:/run/app.sock backup; keepalive 16; }
  limit_req_zone $binary_remote_addr zone=one:10m rate=1r/s;
  server {
    listen [::]:80 default_server;
    server_name ~^(?<who>.+)\.example\.com$ www.example.com;
    set $where "${who}/a;b";
    if ($request_method = POST) { return 405 "no {braces}; here"; }
    location ~ "^/[a-z]{2}/" { rewrite ^/(.*)$ /x/$1 last; }
    location /api { proxy_pass http://app; proxy_set_header Host $host; limit_except GET { deny all; } }
    add_header X-Frame-Options "DENY" always;
  }
}
stream { server { listen 9000; proxy_pass 10.0.0.1:53; } }
"""


def test_a_configuration_as_people_write_it_is_fine() -> None:
    assert problem("f", GOOD) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("server {\n listen 80\n location / { }\n}", 'directive "listen" is not terminated by ";" in f:3'),
        ("server {\n listen 80;\n\n foo bar;\n}", 'unknown directive "foo" in f:4'),
        ("server { liste 80; }", 'unknown directive "liste" in f:1'),
        ("server {\n listen 80;\n", 'unexpected end of file, expecting "}" in f:3'),
        ("server { listen 80; } }", 'unexpected "}" in f:1'),
        ("server { listen 80 }", 'unexpected "}" in f:1'),
        ("gzip on", 'unexpected end of file, expecting ";" or "}" in f:1'),
        ("server { location /; }", 'directive "location" has no opening "{" in f:1'),
        ("server { ; }", 'unexpected ";" in f:1'),
        ("server { listen 0.0.0.0:99999; }", 'invalid port in "0.0.0.0:99999" of the "listen" directive in f:1'),
    ],
)
def test_the_first_mistake_is_told_with_its_line(text: str, said: str) -> None:
    assert problem("f", text) == said


def started(*args: str, conf: str = "server { listen 80; }") -> World:
    world = World()
    world.programs.set_volume("conf", {"default.conf": conf.encode()})
    world.container("nginx", *args, mounts=(Mount("/etc/nginx/conf.d", "conf", "", True),))
    world.run(1)
    return world


def test_nginx_does_not_start_with_a_mistake_in_a_file_of_its_own() -> None:
    world = started(conf="server {\n listen 80;\n foo bar;\n}\n")
    _, ended = world.exit_of()
    assert ended.code == 1
    assert 'nginx: [emerg] unknown directive "foo" in /etc/nginx/conf.d/default.conf:3\n' in world.output()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("-g", "daemon off"), '[emerg] unexpected end of parameter, expecting ";" in command line'),
        (("-x",), 'invalid option: "x"'),
        (("start",), 'invalid option: "start"'),
    ],
)
def test_nginx_does_not_start_with_a_mistake_on_its_command_line(args: tuple[str, ...], said: str) -> None:
    world = started("nginx", *args)
    _, ended = world.exit_of()
    assert (ended.code, world.output()) == (1, f"nginx: {said}\n")


def test_nginx_sends_no_signal_with_a_mistake_in_its_configuration() -> None:
    world = started()
    world.programs.set_volume("conf", {"default.conf": b"server { listen 80; foo; }"})
    result = world.exec("pod/app", "nginx", "-s", "quit")
    assert result.code == 1
    assert 'unknown directive "foo"' in result.stderr
    assert world.exit_of() is None
