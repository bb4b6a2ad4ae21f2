"""PostgreSQL, MySQL and MariaDB: what they want before they begin, what they say, and who asks whether they are up."""

from __future__ import annotations

from lifecycle.clock import MILLISECOND, SECOND, Micros
from lifecycle.programs.commands.call import Call, command, handler
from lifecycle.programs.commands.serving import ends_gracefully, local_time, serve
from lifecycle.programs.commands.times import strftime, zone
from lifecycle.programs.files import FileError


@command("pg_isready", "mysqladmin")
def database_client(call: Call) -> int:
    port = {"pg_isready": 5432, "mysqladmin": 3306}[call.process.program]
    up = port in call.machine.room.ports(call.machine.sandbox)
    call.moves()
    if call.process.program == "pg_isready":
        call.out("/var/run/postgresql:5432 - " + ("accepting connections\n" if up else "no response\n"))
        return 0 if up else 2
    if up:
        call.out("mysqld is alive\n")
        return 0
    return call.fail(
        "connect to server at 'localhost' failed\n"
        "error: 'Can't connect to local MySQL server through socket '/var/run/mysqld/mysqld.sock' (2)'"
    )


@command("postgres")
def postgres(call: Call) -> int | None:
    data = f"{call.process.env.get('PGDATA', '/var/lib/postgresql/data')}/PG_VERSION"
    if "starting" not in call.data and call.view.get(data) is None:
        env = call.process.env
        if not _given(call, "POSTGRES_PASSWORD") and env.get("POSTGRES_HOST_AUTH_METHOD") != "trust":
            call.err(_NO_PASSWORD)
            return 1
        try:
            call.write_file(data, "16\n")
        except FileError as error:
            return call.fail(f'could not open file "{data}": {error.text}')
        call.out("PostgreSQL init process complete; ready for start up.\n\n")
    when = _stamp(call, "%Y-%m-%d %H:%M:%S", 2 * SECOND)
    said = f"{when} UTC [{call.process.pid}] LOG:  database system is ready to accept connections"
    return serve(call, [5432], "tcp", said, 2 * SECOND)


_NO_PASSWORD = (
    "Error: Database is uninitialized and superuser password is not specified.\n"
    "       You must specify POSTGRES_PASSWORD to a non-empty value for the\n"
    '       superuser. For example, "-e POSTGRES_PASSWORD=password" on "docker run".\n'
    "\n"
    '       You may also use "POSTGRES_HOST_AUTH_METHOD=trust" to allow all\n'
    "       connections without a password. This is *not* recommended.\n"
    "\n"
    '       See PostgreSQL documentation about "trust":\n'
    "       https://www.postgresql.org/docs/current/auth-trust.html\n"
)


@command("mysqld")
def mysqld(call: Call) -> int | None:
    kinds = ("MARIADB", "MYSQL") if call.name == "mariadbd" else ("MYSQL",)
    product = "MariaDB" if call.name == "mariadbd" else "MySQL"
    ways = ("ROOT_PASSWORD", "ALLOW_EMPTY_PASSWORD", "ALLOW_EMPTY_ROOT_PASSWORD", "RANDOM_ROOT_PASSWORD", "ROOT_PASSWORD_HASH")
    made = "/var/lib/mysql/mysql"
    if "starting" not in call.data:
        call.out(f"{_entrypoint(call, 'Note')}Entrypoint script for {product} Server started.\n")
    if "starting" not in call.data and call.view.get(made) is None:
        if not any(_given(call, f"{kind}_{name}") for kind in kinds for name in ways):
            named = ways[:1] + ways[1:2] + ways[3:4] if product == "MySQL" else ways[:1] + ways[4:] + ways[2:4]
            listed = "".join(f"    - {kinds[0]}_{name}\n" for name in named)
            call.err(
                f"{_entrypoint(call, 'ERROR')}Database is uninitialized and password option is not specified\n"
                f"    You need to specify one of the following as an environment variable:\n{listed}"
            )
            return 1
        try:
            call.write_file(made, "")
        except FileError as error:
            return call.fail(f"Can't create directory '/var/lib/mysql/': {error.text}")
    when = _stamp(call, "%Y-%m-%dT%H:%M:%S", 8 * SECOND)
    said = f"{when}Z 0 [System] [MY-010931] [Server] {call.name}: ready for connections. port: 3306"
    return serve(call, [3306], "tcp", said, 8 * SECOND)


def _entrypoint(call: Call, level: str) -> str:
    return f"{local_time(call.machine, call.process, '%Y-%m-%d %H:%M:%S')}+00:00 [{level}] [Entrypoint]: "


def _given(call: Call, name: str) -> bool:
    """Say whether a secret is given in a variable, or in a file that one names."""
    file = call.process.env.get(f"{name}_FILE")
    return bool(call.process.env.get(name)) or bool(file and call.view.get(call.path(file)))


def _stamp(call: Call, form: str, after: Micros = 0) -> str:
    """Return a moment as logs begin with it, with its milliseconds."""
    at = call.data.get("since", call.now) + after
    call.data.setdefault("since", call.now)
    return f"{strftime(form, at, zone(call.process.env))}.{at % SECOND // MILLISECOND:03}"


handler("postgres", "mysqld")(ends_gracefully)
