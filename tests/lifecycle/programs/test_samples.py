"""Images that tutorials use: what they say, answer and exit with."""

from __future__ import annotations

import msgspec
import pytest

from lifecycle.programs import Container
from lifecycle.programs.commands.redis import read
from tests.lifecycle.programs.test_forwarding import Client
from tests.lifecycle.programs.world import World, reply


def started(image: str, *args: str, until: float = 12, env: tuple[tuple[str, str], ...] = ()) -> World:
    """Return a world in which an image has run with arguments for some seconds."""
    world = World()
    world.pod()
    container = Container("pod/app", "pod", "app", image, reply("pod/app"), args=args, env=env)
    assert world.programs.create(container) is None
    assert world.programs.start(container.id) is None
    world.run(until)
    return world


def ended(world: World) -> int | None:
    told = world.exit_of()
    return told[1].code if told else None


@pytest.mark.parametrize(
    ("image", "port", "path", "status", "body"),
    [
        ("registry.k8s.io/hpa-example", 80, "/", 200, "OK!"),
        ("gcr.io/google-samples/node-hello:1.0", 8080, "/", 200, "Hello Kubernetes!"),
        ("gcr.io/google-samples/hello-app:2.0", 8080, "/", 200, "Hello, world!\nVersion: 2.0.0\nHostname: pod\n"),
        ("stefanprodan/podinfo:6.7.1", 9898, "/healthz", 200, '{\n  "status": "OK"\n}\n'),
        ("stefanprodan/podinfo:6.7.1", 9898, "/status/503", 503, '{\n  "status": 503\n}\n'),
        ("kennethreitz/httpbin", 80, "/status/404", 404, ""),
        ("kennethreitz/httpbin", 80, "/ip", 200, '{\n  "origin": "10.244.0.1"\n}\n'),
        ("gcr.io/kuar-demo/kuard-amd64:blue", 8080, "/ready", 200, "ok"),
        ("nginxinc/nginx-unprivileged:1.27", 8080, "/nofile", 404, None),
    ],
)
def test_well_known_servers_answer(image: str, port: int, path: str, status: int, body: str | None) -> None:
    world = started(image)
    found = world.get(path, port)
    assert (found.status, found.error) == (status, "")
    assert body is None or found.body == body


@pytest.mark.parametrize(
    ("image", "code"),
    [
        ("redis", 0),
        ("stefanprodan/podinfo", 0),
        ("kennethreitz/httpbin", 0),
        ("registry.k8s.io/hpa-example", 0),
        ("gcr.io/kuar-demo/kuard-amd64:blue", 2),
        ("vish/stress", 2),
        ("gcr.io/google-samples/node-hello:1.0", None),
    ],
)
def test_they_take_sigterm_as_they_do(image: str, code: int | None) -> None:
    world = started(image)
    world.programs.signal("pod/app", "SIGTERM")
    world.run(13)
    assert ended(world) == code


def test_podinfo_can_be_told_to_be_unready() -> None:
    world = started("stefanprodan/podinfo")
    client = world.container("curlimages/curl", "sleep", "100", pod="client")
    assert world.get("/readyz", 9898).status == 200
    world.exec(client, "curl", "-s", "-X", "POST", "http://10.244.0.5:9898/readyz/disable")
    assert world.get("/readyz", 9898).status == 503
    assert world.get("/panic", 9898).error.endswith("EOF")
    assert ended(world) == 255


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ("mysql:8", "    - MYSQL_ROOT_PASSWORD\n    - MYSQL_ALLOW_EMPTY_PASSWORD\n    - MYSQL_RANDOM_ROOT_PASSWORD\n"),
        ("postgres:16", "https://www.postgresql.org/docs/current/auth-trust.html\n"),
        ("mariadb:11", "    - MARIADB_ROOT_PASSWORD\n    - MARIADB_ROOT_PASSWORD_HASH\n"),
    ],
)
def test_databases_without_a_password_say_what_they_want(image: str, said: str) -> None:
    world = started(image)
    assert ended(world) == 1
    assert said in world.output()


def test_a_database_that_is_there_needs_no_password() -> None:
    world = World()
    world.programs.set_volume("v", {"PG_VERSION": b"16\n"})
    from lifecycle.programs import Mount

    world.container("postgres", "docker-entrypoint.sh", "postgres", mounts=(Mount("/var/lib/postgresql/data", "v"),))
    world.run(3)
    assert "ready to accept connections" in world.output()


def test_vishs_stress_takes_memory_piece_by_piece() -> None:
    world = World()
    args = ("-mem-total", "150Mi", "-mem-alloc-size", "50Mi", "-mem-alloc-sleep", "1s")
    world.container("vish/stress", "/stress", *args, memory=120 << 20)
    world.run(1.5)
    assert ended(world) is None
    world.run(5)
    assert world.exit_of()[1].reason == "OOMKilled"


def test_alpines_variants_of_images_have_alpines_tools() -> None:
    world = World()
    alpine = world.container("nginx:1.27-alpine", pod="a")
    debian = world.container("nginx:1.27", pod="b")
    assert world.exec(alpine, "sh", "-c", "apk --version >/dev/null; command -v wget bash").stdout == "/usr/bin/wget\n"
    assert world.exec(debian, "sh", "-c", "command -v bash wget ps").stdout == "/usr/bin/bash\n"


def test_entry_points_take_what_is_no_command_for_arguments() -> None:
    world = started("curlimages/curl", "-s", "http://nosuch/")
    assert ended(world) == 6
    world = started("curlimages/curl", "http://nosuch/")
    assert ended(world) == 6
    world = started("curlimages/curl", "echo", "hi")
    assert (world.output(), ended(world)) == ("hi\n", 0)


def test_perl_counts_pi() -> None:
    world = started("perl:5.34.0", "perl", "-Mbignum=bpi", "-wle", "print bpi(20)")
    assert world.output() == "3.1415926535897932385\n"
    world = started("perl:5.34.0", "perl", "-Mbignum=bpi", "-wle", "print bpi(2000)", until=4)
    assert ended(world) is None


# ── redis ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_redis_keeps_what_it_is_given() -> None:
    world = started("redis")
    script = (
        'redis-cli set a "b c"; redis-cli get a; redis-cli incr n; redis-cli get none; redis-cli rpush l 1 2 3; '
        "redis-cli lrange l 0 -1; redis-cli del a n; redis-cli keys '*'; redis-cli nosuch x"
    )
    assert world.exec("pod/app", "sh", "-c", script).stdout == (
        "OK\nb c\n1\n\n3\n1\n2\n3\n2\nl\nERR unknown command 'nosuch', with args beginning with: 'x' \n"
    )


def test_redis_reads_its_configuration() -> None:
    world = World()
    from lifecycle.programs import Mount

    world.programs.set_volume("v", {"redis.conf": b"maxmemory 2mb\nmaxmemory-policy allkeys-lru\n"})
    redis = world.container("redis", "redis-server", "/redis-master/redis.conf", mounts=(Mount("/redis-master", "v"),))
    world.run(1)
    session = world.session(redis, "redis-cli", tty=True)
    session.type("CONFIG GET maxmemory\r")
    assert session.shown() == ('127.0.0.1:6379> CONFIG GET maxmemory\r\n1) "maxmemory"\r\n2) "2097152"\r\n127.0.0.1:6379> ')
    session = session.saved_and_restored()
    session.type("exit\r")
    session.pass_time(0)
    assert session.code == 0


def test_redis_wants_its_password() -> None:
    world = started("redis", "redis-server", "--requirepass", "secret")
    assert world.exec("pod/app", "redis-cli", "ping").stdout == "NOAUTH Authentication required.\n"
    assert world.exec("pod/app", "redis-cli", "-a", "secret", "ping").stdout == "PONG\n"


def test_redis_answers_through_a_forwarded_port() -> None:
    world = started("redis", until=1)
    client = Client(world, 6379)
    client.send(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\nhi\r\n*2\r\n$3\r\nGET\r\n$1\r\n")
    assert client.received == b"+OK\r\n"
    client.send(b"k\r\nPING\r\n")
    assert client.received == b"+OK\r\n$2\r\nhi\r\n+PONG\r\n"


@pytest.mark.parametrize("text", ["*", "*1\r\n", "*2\r\n$3\r\nGET\r\n", "*1\r\n$99\r\nx\r\n", "no end"])
def test_what_is_no_whole_command_waits(text: str) -> None:
    assert read(text) == ([], text)


def test_podinfo_tells_its_version_as_json() -> None:
    world = started("stefanprodan/podinfo")
    assert msgspec.json.decode(world.get("/", 9898).body)["hostname"] == "pod"
