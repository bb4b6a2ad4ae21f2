"""Servers of the catalogue, what is assumed of others, and when a probe's answer may change."""

from __future__ import annotations

import pytest

from lifecycle.programs import Mount
from lifecycle.programs.images import catalogue
from tests.lifecycle.programs.world import World, reply

AGNHOST = "registry.k8s.io/e2e-test-images/agnhost:2.40"


@pytest.mark.parametrize(
    ("image", "repository", "known"),
    [
        ("nginx", "nginx", True),
        ("docker.io/library/nginx:1.25@sha256:abc", "nginx", True),
        ("registry.k8s.io/busybox", "busybox", True),
        ("localhost:5000/mirror/redis:7", "mirror/redis", True),
        ("registry.k8s.io/e2e-test-images/agnhost:2.40", "e2e-test-images/agnhost", True),
        ("ghcr.io/acme/shop-api:v3", "acme/shop-api", False),
    ],
)
def test_an_image_is_found_whatever_registry_and_tag_it_has(image: str, repository: str, known: bool) -> None:
    config = catalogue.config(image)
    assert (config.repository, config.known) == (repository, known)


def test_an_image_says_how_it_is_stopped() -> None:
    assert catalogue.config("nginx").stop_signal == "SIGQUIT"
    assert catalogue.config("busybox").stop_signal == "SIGTERM"


def test_nginx_does_not_listen_yet_when_it_has_just_been_started() -> None:
    world = World()
    app = world.container("nginx")
    assert "connection refused" in world.get().error
    world.programs.signal(app, "SIGQUIT")
    world.run(1)
    assert world.exit_of()[1].code == 0


def test_nginx_serves_its_files_and_stops_gracefully() -> None:
    world = World()
    app = world.nginx()
    assert "Welcome to nginx" in world.get().body
    assert (world.get("/nothing").status, world.get("/").steady) == (404, True)
    assert [line.split(": ", 1)[1] for line in world.output().splitlines() if "[notice]" in line] == [
        'using the "epoll" event method',
        "nginx/1.22.1",
        "OS: Linux 6.1.0",
        "getrlimit(RLIMIT_NOFILE): 1048576:1048576",
        "start worker processes",
        "start worker process 7",
        "start worker process 8",
    ]
    world.programs.signal(app, "SIGQUIT")
    world.run(1)
    assert world.exit_of()[1].reason == "Completed"
    assert "gracefully shutting down" in world.output()


def test_nginx_over_an_empty_volume_forbids() -> None:
    world = World()
    world.programs.set_volume("webroot")
    app = world.nginx(mounts=(Mount("/usr/share/nginx/html", "webroot"),))
    assert world.get().status == 403
    version = world.programs.version("pod")
    world.exec(app, "sh", "-c", "echo hello > /usr/share/nginx/html/index.html")
    assert world.programs.version("pod") > version
    assert world.get().body == "hello\n"


def test_nginx_follows_a_configuration() -> None:
    world = World()
    conf = (
        b'server { listen 8080; location = /ok { return 200 "fine"; } location /gone { return 410; } '
        b"location / { root /srv; } }"
    )
    world.programs.set_volume("conf", {"site.conf": conf})
    world.nginx(mounts=(Mount("/etc/nginx/conf.d", "conf"),))
    assert (world.get("/ok", 8080).body, world.get("/gone", 8080).status, world.get("/x", 8080).status) == ("fine", 410, 404)
    assert "connection refused" in world.get("/", 80).error


def test_nginx_s_quit_asks_the_master() -> None:
    world = World()
    app = world.nginx()
    result = world.exec(app, "sh", "-c", "nginx -s quit; while killall -0 nginx; do sleep 1; done")
    assert (result.code, "signal process started" in result.stderr) == (0, True)
    world.run(1)
    assert world.exit_of()[1].code == 0


def test_agnhosts_liveness_turns_after_ten_seconds_and_says_so() -> None:
    world = World()
    world.container(AGNHOST, args=("liveness",))
    world.run(1)
    first = world.get("/healthz", 8080)
    version = world.programs.version("pod")
    assert (first.status, first.steady) == (200, True)
    world.run(11)
    assert world.programs.version("pod") > version
    assert world.get("/healthz", 8080).status == 500


@pytest.mark.parametrize(
    ("args", "path"),
    [(("liveness",), "/redirect?loc=%2Fhealthz"), (("netexec",), "/redirect?location=/healthz&code=302")],
)
def test_agnhost_sends_on(args: tuple[str, ...], path: str) -> None:
    world = World()
    world.container(AGNHOST, args=args)
    world.run(1)
    answer = world.get(path, 8080)
    assert (answer.status, answer.body) == (302, '<a href="/healthz">Found</a>.\n\n')
    assert ("Location", "/healthz") in answer.headers


@pytest.mark.parametrize(
    ("args", "after", "code"),
    [
        (("pause",), 0, 2),
        (("netexec",), 0, 0),
        (("netexec", "--delay-shutdown=7"), 7, 0),
        (("serve-hostname",), 60, 0),
        (("porter",), 0, 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_agnhost_ends_as_its_subcommands_do(args: tuple[str, ...], after: int, code: int) -> None:
    world = World()
    app = world.container(AGNHOST, args=args)
    world.run(1)
    world.programs.signal(app, "SIGTERM")
    world.run(70)
    at, result = world.exit_of()
    assert (round(at), result.code) == (1 + after, code)


def test_agnhosts_webserver_shows_the_files_of_its_container() -> None:
    world = World()
    app = world.container(AGNHOST, args=("test-webserver",))
    world.run(1)
    assert world.get("/nothing").status == 404
    assert '<a href="etc/">etc/</a>' in world.get("/").body
    assert ("Location", "etc/") in world.get("/etc").headers
    assert world.exec(app, "sh", "-c", "echo here > /nothing").code == 0
    assert (world.get("/nothing").status, world.get("/nothing").body) == (200, "here\n")


def test_an_unknown_image_is_assumed_to_serve_its_ports() -> None:
    world = World()
    app = world.container("acme/shop:1", ports=(8080,))
    world.run(1)
    assert world.get("/any", 8080).status == 200
    assert "declared ports (8080)" in world.traces("assumption")[0]["text"]
    world.programs.signal(app, "SIGTERM")
    world.run(2)
    assert world.exit_of()[1].code == 0


def test_an_unknown_init_container_is_assumed_to_end() -> None:
    world = World()
    world.container("acme/migrate:1", init=True)
    world.run(1)
    assert world.exit_of()[1].code == 0


def test_an_unknown_image_runs_the_scripts_it_is_given() -> None:
    world = World()
    world.container("acme/shop:1", "sh", "-c", "echo setup; exit 3")
    world.run(1)
    assert (world.output(), world.exit_of()[1].code) == ("setup\n", 3)


def test_a_program_that_an_unknown_image_may_have_is_assumed_where_a_script_calls_it() -> None:
    world = World()
    app = world.container("acme/shop:1", "sh", "-c", "./migrate --all && echo migrated && ./serve", ports=(8080,))
    world.run(1)
    assert world.output() == "migrated\n"
    assert world.get(port=8080).status == 200
    assert len(world.traces("assumption")) == 2
    world.programs.signal(app, "SIGTERM")
    world.run(2)


def test_a_computation_in_another_language_is_assumed_to_end() -> None:
    world = World()
    world.container("perl:5.34.0", "perl", "-e", "print 1 + 1")
    world.run(1)
    assert world.exit_of()[1].code == 0
    assert world.traces("assumption")


def test_a_database_without_its_password_says_so() -> None:
    world = World()
    world.container("postgres:16")
    world.run(1)
    assert world.exit_of()[1].code == 1
    assert "superuser password is not specified" in world.output()


def test_a_pure_probe_changes_nothing_and_a_writing_one_does() -> None:
    world = World()
    app = world.script("touch /tmp/healthy; sleep 1000")
    version = world.programs.version("pod")
    assert world.exec(app, "cat", "/tmp/healthy").steady
    assert world.exec(app, "sh", "-c", "test -f /tmp/healthy && echo $(wc -c < /tmp/healthy)").steady
    assert world.programs.version("pod") == version
    world.exec(app, "touch", "/tmp/seen")
    assert world.programs.version("pod") > version


@pytest.mark.parametrize(
    "script", ["date", "echo $RANDOM", "ps", "find /tmp -mmin -1", "sleep 5 & true", "echo x > /proc/1/fd/1"]
)
def test_what_looks_at_the_clock_or_leaves_something_behind_is_not_steady(script: str) -> None:
    world = World()
    app = world.container("busybox", "sleep", "1000")
    assert not world.exec(app, "sh", "-c", script).steady


def test_who_waits_for_a_change_is_told_once() -> None:
    world = World()
    world.script("sleep 5; touch /tmp/x; sleep 5; touch /tmp/y; sleep 100")
    world.run(1)
    world.programs.when_changed("pod", reply("changed"))
    world.run(30)
    assert [at for at, subject, _ in world.listener.told if subject == "changed"] == [5.001]


@pytest.mark.parametrize(
    ("script", "looked"),
    [("sleep 1", set()), ("nslookup web", {"services"}), ("nc -z -w 1 10.200.0.9 80", {"services", "addresses"})],
)
def test_what_looks_elsewhere_is_steady_and_says_where(script: str, looked: set[str]) -> None:
    world = World()
    app = world.container("busybox", "sleep", "1000")
    result = world.exec(app, "sh", "-c", script)
    assert result.steady
    assert set(result.looked) == looked


def test_curl_encodes_what_is_given_for_a_url() -> None:
    world = World()
    world.container("httpbin", name="server")
    client = world.container("curl", "sleep", "100", name="client", pod="other")
    world.run(2)
    asked = ("-sG", "http://10.244.0.5/get", "--data-urlencode", 'query=sum(a{b="c"}) & d', "-d", "x=1")
    assert (
        '"url": "http://10.244.0.5/get?query=sum%28a%7Bb%3D%22c%22%7D%29%20%26%20d&x=1"'
        in world.exec(client, "curl", *asked).stdout
    )
