"""Small servers and databases, languages' runtimes, and what is assumed of a program that nobody knows."""

from __future__ import annotations

import re

from lifecycle.clock import MILLISECOND, SECOND, Micros
from lifecycle.programs.commands.call import Call, command, handler
from lifecycle.programs.files import FileError
from lifecycle.programs.machine import Machine
from lifecycle.programs.servers import ACCESS_LOGS, HTTPRequest, HTTPResponse, Manner, content_type, contents, reason, server
from lifecycle.programs.state import Process

START: Micros = 30 * MILLISECOND
"""How long a compiled server takes until it listens."""


def serve(call: Call, ports: list[int], kind: str, said: str = "", after: Micros = START) -> int | None:
    """Listen on ports from `after` on, until a signal comes. `{port}` in `said` stands for the first port."""
    if "listening" in call.data:
        call.forever()
        return None
    if "starting" not in call.data:
        call.data["starting"] = True
        call.sleep(after)
        return None
    for port in ports:
        if not call.machine.listen(call.process, port, kind):
            return call.fail(f"listen tcp :{port}: bind: address already in use")
    call.data["listening"] = True
    if said:
        call.err(said.format(port=ports[0] if ports else 0) + "\n")
    call.forever()
    return None


def dies_as_go(call: Call, signal: str) -> bool:
    """Do what a Go program does that handles no signal: as process 1 it cannot kill itself by it and exits with 2."""
    if signal in ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT") and call.process.pid == 1:
        call.machine.end(call.process, 2)
        return True
    return False


def stops(call: Call, code: int = 0) -> bool:
    call.machine.end(call.process, code)
    return True


# ── what is assumed ──────────────────────────────────────────────────────────────────────────────────────────────────


@command("assumed")
def assumed(call: Call) -> int | None:
    """Be the program of an image that nobody listed."""
    spec = call.machine.state.spec
    if spec.init:
        call.assume(
            "image",
            f"The image {spec.image} is not known: as an init container it is assumed to do its work "
            "at once and to exit with 0.",
        )
        return 0
    ports = ", ".join(map(str, spec.ports)) or "none"
    call.assume(
        "image",
        f"The image {spec.image} is not known: it is assumed to be a server that listens on the declared "
        f"ports ({ports}), answers every HTTP request with 200, and exits with 0 on SIGTERM.",
    )
    return serve(call, list(spec.ports), "default")


@handler("assumed")
def assumed_signal(call: Call, signal: str) -> bool:
    return signal in ("SIGTERM", "SIGINT", "SIGQUIT") and stops(call)


@command("unknown-exec")
def unknown_exec(call: Call) -> int:
    spec = call.machine.state.spec
    call.assume(
        "command",
        f"The image {spec.image} is not known: the command {call.process.argv[0]} in it is assumed to exit "
        "with 0 and to put out nothing.",
    )
    return 0


def _generic(call: Call) -> int | None:
    """Be a well-known server of which no more is modelled than that it serves."""
    spec = call.machine.state.spec
    name = call.process.program.partition(":")[2]
    if call.args[:1] and call.args[0] in ("--version", "-v", "-V", "--help", "-h"):
        call.assume("command", f"{name} is modelled as a server only: {name} {call.args[0]} is assumed to exit with 0.")
        return 0
    call.assume(
        "command",
        f"{name} is not modelled in detail: it is assumed to listen on the declared ports, to answer, "
        "and to exit with 0 on SIGTERM.",
    )
    from lifecycle.programs.images import catalogue

    ports = list(spec.ports) or list(catalogue.config(spec.image).ports)
    return serve(call, ports, "default", after=200 * MILLISECOND)


def _generic_signal(call: Call, signal: str) -> bool:
    return signal in ("SIGTERM", "SIGINT", "SIGQUIT") and "starting" in call.data and stops(call)


def _register_generic() -> None:
    from lifecycle.programs.images.entries import SERVER_PROGRAMS

    for name in (*SERVER_PROGRAMS, "fluent-bit"):
        command(f"server:{name}")(_generic)
        handler(f"server:{name}")(_generic_signal)


_register_generic()


@command("perl")
def perl(call: Call) -> int | None:
    """Print digits of pi, as everybody's first Job does; other programs in Perl are not run."""
    found = re.search(r"\bbpi\((\d+)\)", " ".join(call.args))
    if found is None:
        status: int | None = runtime(call)
        return status
    digits = min(int(found.group(1)), MOST_DIGITS)
    if "counted" not in call.data:
        call.data["counted"] = True
        call.sleep(max(round(PI_TAKES * digits / 2000 * SECOND), MILLISECOND))
        return None
    call.machine.work(digits)
    call.out(f"{_pi(digits)}\n")
    return 0


MOST_DIGITS = 5_000
PI_TAKES = 5
"""Seconds that 2,000 digits take."""


def _pi(digits: int) -> str:
    """Return pi to so many digits, rounded (Machin's formula)."""
    unit: int = 10 ** (digits + 10)

    def arctangent(n: int) -> int:
        term = total = unit // n
        k, sign = 3, -1
        while term:
            term //= n * n
            total += sign * (term // k)
            k, sign = k + 2, -sign
        return total

    text = str((4 * (4 * arctangent(5) - arctangent(239)) + 10**10 * 5) // 10**11)
    return f"{text[0]}.{text[1:]}" if digits > 1 else text


@command("runtime:node", "runtime:java", "runtime:ruby", "runtime:php", "runtime:go")
def runtime(call: Call) -> int | None:
    """Be a language's interpreter: what it is given to run is not run."""
    name = call.process.program.rpartition(":")[2]
    script = next((arg for arg in call.args if not arg.startswith("-")), "")
    if not call.args:
        return 0
    if call.args[0] in ("--version", "-version", "-v", "version"):
        call.assume("command", f"{name} {call.args[0]} is assumed to exit with 0.")
        return 0
    if any(re.fullmatch(r"-[a-zA-Z]*[ecrp]", arg) for arg in call.args[:3]):
        call.assume("command", f"A program in {name}'s own language is not run: it is assumed to exit with 0 at once.")
        return 0
    call.assume(
        "command",
        f"{name} {script} is not run: it is assumed to be a server on the declared ports that exits with 0 on SIGTERM.",
    )
    return serve(call, list(call.machine.state.spec.ports), "default", after=300 * MILLISECOND)


@handler("runtime:node", "runtime:java", "runtime:ruby", "runtime:php", "perl")
def runtime_signal(call: Call, signal: str) -> bool:
    return (
        signal in ("SIGTERM", "SIGINT")
        and "starting" in call.data
        and stops(call, 143 if "java" in call.process.program else 0)
    )


@command("entrypoint")
def entrypoint(call: Call) -> int | None:
    """Be the docker-entrypoint.sh of official images: run what is given, or the image's program with the options given."""
    from lifecycle.programs.files import FileError
    from lifecycle.programs.images import catalogue
    from lifecycle.programs.machine import ExecError

    args = list(call.args)
    if not args or args[0].startswith("-") or (_falls_back(call) and not _is_command(call, args[0])):
        args = [*catalogue.config(call.machine.state.spec.image).cmd[:1], *args]
    try:
        call.machine.execute(call.process, args, call.process.env)
    except ExecError as error:
        text = FileError(error.code).text if error.code != "ENOENT" else "not found"
        call.err(f"{call.process.argv[0]}: exec: {args[0]}: {text}\n")
        return error.status
    call.machine.queue.append(call.process.pid)
    return None


def _falls_back(call: Call) -> bool:
    """Say whether the image's entry point takes what is no command for arguments of its own program."""
    return call.machine.state.image.partition("@")[0] in ("bash", "curl", "curlimages/curl", "node")


def _is_command(call: Call, name: str) -> bool:
    path = call.machine.which(call.process, name, call.process.env)
    node = call.view.get(call.path(path)) if path else None
    return node is not None and node.kind == "f" and bool(node.mode & 0o111)


# ── small servers ────────────────────────────────────────────────────────────────────────────────────────────────────


@command("pause")
def pause(call: Call) -> int | None:
    call.forever()
    return None


@handler("pause")
def pause_signal(call: Call, signal: str) -> bool:
    if signal in ("SIGTERM", "SIGINT"):
        call.err("Shutting down, got signal: " + ("Terminated" if signal == "SIGTERM" else "Interrupt") + "\n")
        return stops(call)
    return False


@command("goproxy")
def goproxy(call: Call) -> int | None:
    from lifecycle.programs.commands.times import strftime, zone

    when = strftime("%Y/%m/%d %H:%M:%S", call.now + START, zone(call.process.env))
    return serve(call, [8080], "tcp", when + " listening on :{port}")


handler("goproxy", "hello-app", "http-echo", "whoami-server", "agnhost-liveness")(dies_as_go)


@command("hello-app")
def hello_app(call: Call) -> int | None:
    return serve(call, [int(call.process.env.get("PORT", "8080"))], "hello-app", "Server listening on port {port}")


@server("hello-app")
def hello_app_answer(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    tag = re.search(r":(\d+)\.(\d+)$", machine.state.spec.image)
    version = f"{tag.group(1)}.{tag.group(2)}.0" if tag else "1.0.0"
    return HTTPResponse(200, f"Hello, world!\nVersion: {version}\nHostname: {machine.hostname()}\n")


@command("http-echo")
def http_echo(call: Call) -> int | None:
    options = dict(arg.lstrip("-").partition("=")[::2] for arg in call.args)
    call.data["text"] = options.get("text", "hello-world")
    return serve(
        call, [int(options.get("listen", ":5678").rpartition(":")[2])], "http-echo", "[INFO] server is listening on :{port}"
    )


@server("http-echo")
def http_echo_answer(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    return HTTPResponse(200, process.data["text"] + "\n", (("X-App-Name", "http-echo"),))


@command("whoami-server", "echoserver")
def echoes(call: Call) -> int | None:
    if call.process.program == "echoserver":
        return serve(call, [8080], "echoserver")
    return serve(call, [int(call.process.env.get("WHOAMI_PORT_NUMBER", "80"))], "echo")


@server("echoserver", manner=Manner(keeps="keep-alive", server="echoserver", content_type="text/plain"))
def echoserver_answer(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    """Tell of the request as nginx and Lua do it in Kubernetes' own image."""
    path, _, query = request.path.partition("?")
    named = {name.lower(): value for name, value in (("Host", request.host), *request.headers)}
    headers = "".join(f"\t{name}={named[name]}  \n" for name in sorted(named))
    return HTTPResponse(
        200,
        f"\n\nHostname: {machine.hostname()}\n\nPod Information:\n\t-no pod information available-\n\n"
        "Server values:\n\tserver_version=nginx: 1.13.3 - lua: 10008\n\n"
        f"Request Information:\n\tclient_address={request.client}\n\tmethod={request.method}\n\treal path={request.path}\n"
        f"\tquery={query}\n\trequest_version=1.1\n\trequest_scheme=http\n"
        f"\trequest_uri=http://{request.host.partition(':')[0]}:8080{path}{'?' + query if query else ''}\n\n"
        f"Request Headers:\n{headers}\nRequest Body:\n{request.body or chr(9) + '-no body in request-'}\n\n",
    )


@server("echo")
def echo_answer(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    lines = [
        f"Hostname: {machine.hostname()}",
        f"IP: {machine.sandbox.spec.ip}",
        f"{request.method} {request.path} HTTP/1.1",
        f"Host: {request.host}",
    ]
    return HTTPResponse(200, "\n".join(lines + [f"{name}: {value}" for name, value in request.headers]) + "\n")


@handler("httpd-apache", "postgres", "mysqld")
def graceful(call: Call, signal: str) -> bool:
    return signal in ("SIGTERM", "SIGINT", "SIGQUIT", "SIGWINCH") and "starting" in call.data and stops(call)


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


def _given(call: Call, name: str) -> bool:
    """Say whether a secret is given in a variable, or in a file that one names."""
    file = call.process.env.get(f"{name}_FILE")
    return bool(call.process.env.get(name)) or bool(file and call.view.get(call.path(file)))


def _stamp(call: Call, form: str, after: Micros = 0) -> str:
    """Return a moment as logs begin with it, with its milliseconds."""
    from lifecycle.programs.commands.times import strftime, zone

    at = call.data.get("since", call.now) + after
    call.data.setdefault("since", call.now)
    return f"{strftime(form, at, zone(call.process.env))}.{at % SECOND // MILLISECOND:03}"


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
    from lifecycle.programs.commands.times import strftime, zone

    return f"{strftime('%Y-%m-%d %H:%M:%S', call.now, zone(call.process.env))}+00:00 [{level}] [Entrypoint]: "


@command("httpd-apache")
def httpd_apache(call: Call) -> int | None:
    said = (
        "AH00558: httpd: Could not reliably determine the server's fully qualified domain name, using "
        + call.machine.sandbox.spec.ip
    )
    return serve(call, [80], "httpd-apache", said + ". Set the 'ServerName' directive globally to suppress this message")


@server("httpd-apache", manner=Manner(keeps="Keep-Alive", server="Apache/2.4.62 (Unix)", content_type="text/html"))
def httpd_apache_answer(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    path = "/usr/local/apache2/htdocs" + request.path.partition("?")[0]
    path = path + "index.html" if path.endswith("/") else path
    node = machine.view.get(path)
    if node is None or node.kind != "f":
        return HTTPResponse(
            404,
            "<html><head>\n<title>404 Not Found</title>\n</head><body>\n<h1>Not Found</h1>\n</body></html>\n",
        )
    return HTTPResponse(200, contents(node), (("Content-Type", content_type(path)),))


def _common_log(machine: Machine, process: Process, request: HTTPRequest, response: HTTPResponse) -> None:
    """Write a line of Apache's format `common`, on standard output as its image has it."""
    when = _when(machine, process, "%d/%b/%Y:%H:%M:%S %z")
    asked = f"{request.method} {request.path} HTTP/1.1"
    machine.write(process, 1, f'{request.client} - - [{when}] "{asked}" {response.status} {len(response.body) or "-"}\n')


ACCESS_LOGS["httpd-apache"] = _common_log


def _when(machine: Machine, process: Process, form: str) -> str:
    from lifecycle.programs.commands.times import strftime, zone

    return strftime(form, machine.kernel.now, zone(process.env))


@command("hello-world")
def hello_world(call: Call) -> int:
    call.out("\nHello from Docker!\nThis message shows that your installation appears to be working correctly.\n\n")
    return 0


@command("python")
def python(call: Call) -> int | None:
    args = [arg for arg in call.args if arg not in ("-u", "-B", "-O", "-s", "-E", "-I")]
    if args[:2] == ["-m", "http.server"]:
        port = int(next((arg for arg in args[2:] if arg.isdigit()), "8000"))
        return serve(call, [port], "python-http", after=150 * MILLISECOND)
    if not args:
        return 0
    if args[0] in ("-c", "--version", "-V"):
        call.assume("command", "Python code is not run: python is assumed to exit with 0 at once.")
        return 0
    script = args[1] if args[0] == "-m" and len(args) > 1 else args[0]
    if args[0] != "-m" and call.view.get(call.path(script)) is None and call.machine.state.image.startswith("python"):
        return call.fail(f"can't open file '{call.path(script)}': [Errno 2] No such file or directory", 2)
    call.assume(
        "command",
        f"Python code is not run: {script} is assumed to be a server on the declared ports that exits with 0 on SIGTERM.",
    )
    return serve(call, list(call.machine.state.spec.ports), "default", after=300 * MILLISECOND)


@handler("python")
def python_signal(call: Call, signal: str) -> bool:
    if signal == "SIGTERM" and call.args[:2] != ["-m", "http.server"]:
        return stops(call)
    return False


@server(
    "python-http",
    manner=Manner(version="1.0", closes=True, server="SimpleHTTP/0.6 Python/3.11.2", content_type="text/html;charset=utf-8"),
)
def python_http(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    from lifecycle.programs.paths import join

    path = join(process.cwd, "." + request.path.partition("?")[0])
    node = machine.view.get(path)
    if node is not None and node.kind == "d":
        index = machine.view.get(join(path, "index.html"))
        if index is None:
            names = "".join(f'<li><a href="{name}">{name}</a></li>\n' for name in machine.view.names(path))
            return HTTPResponse(
                200,
                f"<!DOCTYPE HTML>\n<html>\n<body>\n<h1>Directory listing for {request.path}</h1>\n"
                f"<ul>\n{names}</ul>\n</body>\n</html>\n",
            )
        node, path = index, join(path, "index.html")
    if node is None:
        return HTTPResponse(404, "<!DOCTYPE HTML>\n<html><body><h1>Error response</h1><p>Error code: 404</p></body></html>\n")
    return HTTPResponse(200, contents(node), (("Content-Type", content_type(path)),))


def _python_log(machine: Machine, process: Process, request: HTTPRequest, response: HTTPResponse) -> None:
    when = _when(machine, process, "%d/%b/%Y %H:%M:%S")
    asked = f"{request.method} {request.path} HTTP/1.1"
    if response.status >= 400:
        why = "File not found" if response.status == 404 else reason(response.status)
        machine.write(process, 2, f"{request.client} - - [{when}] code {response.status}, message {why}\n")
    machine.write(process, 2, f'{request.client} - - [{when}] "{asked}" {response.status} -\n')


ACCESS_LOGS["python-http"] = _python_log
