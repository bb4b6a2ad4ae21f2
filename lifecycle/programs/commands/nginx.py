"""nginx: a master and its workers, its signals, its log, and its answers from files and a configuration."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from lifecycle.clock import MILLISECOND, SECOND, Micros
from lifecycle.programs.commands.call import Call, command, handler
from lifecycle.programs.commands.times import strftime, zone
from lifecycle.programs.exchange import Origin, Reached, reach
from lifecycle.programs.exchange import answer as ask
from lifecycle.programs.files import FileError, Node, join
from lifecycle.programs.http1 import http_date
from lifecycle.programs.machine import ExecError, Machine
from lifecycle.programs.servers import ACCESS_LOGS, HTTPRequest, HTTPResponse, Manner, content_type, contents, reason, server
from lifecycle.programs.signals import NUMBERS
from lifecycle.programs.state import Process

WORKERS = 2
START: Micros = 3 * MILLISECOND
"""From the runtime's word that it runs to its listening: a hook that asks at once comes too early, a probe does not."""

PROXY_TIMEOUT: Micros = 60 * SECOND
MOST_HOPS = 8
"""How often a request may be passed on, so that servers that pass to each other come to an end."""
QUIT: Micros = 5 * MILLISECOND
PID_FILE = "/run/nginx.pid"


def notice(call: Call, text: str, pid: int | None = None) -> str:
    """Return a line of nginx's error log."""
    when = strftime("%Y/%m/%d %H:%M:%S", call.now, zone(call.process.env))
    pid = pid or call.process.pid
    return f"{when} [notice] {pid}#{pid}: {text}\n"


@command("nginx")
def nginx(call: Call) -> int | None:
    if "stopping" in call.data:
        return _stopped(call)
    if "listening" in call.data:
        call.forever()
        return None
    args = list(call.args)
    directives = args[args.index("-g") + 1] if "-g" in args and args.index("-g") + 1 < len(args) else ""
    if "-s" in args:
        return _send(call, args[args.index("-s") + 1] if args.index("-s") + 1 < len(args) else "")
    if "-v" in args or "-V" in args:
        call.err("nginx version: nginx/1.22.1\n")
        return 0
    problem = _problem(call)
    if problem:
        call.err(problem)
        return 1
    if "-t" in args:
        call.err(
            "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\n"
            "nginx: configuration file /etc/nginx/nginx.conf test is successful\n"
        )
        return 0
    return _start(call, "daemon off" in directives or _daemon_off(call))


def _daemon_off(call: Call) -> bool:
    node = call.view.get("/etc/nginx/nginx.conf")
    return node is not None and re.search(r"^\s*daemon\s+off\s*;", node.text, re.M) is not None


def _problem(call: Call) -> str:
    text = "".join(_configurations(call.machine))
    if text.count("{") != text.count("}"):
        return (
            'nginx: [emerg] unexpected end of file, expecting "}" in /etc/nginx/nginx.conf\n'
            "nginx: configuration file /etc/nginx/nginx.conf test failed\n"
        )
    return _unknown_host(call) or _unwritable(call)


_PASSED_ON = re.compile(r"\bproxy_pass\s+https?://([\w.-]+)|(?:^|[{;])\s*server\s+([\w.-]+)(?::\d+)?\s*[;\w]")


def _unknown_host(call: Call) -> str:
    """Complain about the first server to pass requests to whose name means nothing: nginx looks for them when it starts."""
    known = upstreams(call.machine)
    for path, text in _configuration_files(call.machine):
        for number, host in _passed_on_to(text):
            if host not in known and call.machine.room.resolve(call.machine.sandbox, host) is None:
                call.moves()
                said = f'host not found in upstream "{host}" in {path}:{number}'
                return _emergency(call, said)
    return ""


@lru_cache(maxsize=256)
def _passed_on_to(text: str) -> tuple[tuple[int, str], ...]:
    """Return the names, each with its line's number, to which a configuration file has requests passed on."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        match = _PASSED_ON.search(line.partition("#")[0])
        host = (match.group(1) or match.group(2)) if match else ""
        if host and "$" not in line:
            found.append((number, host))
    return tuple(found)


def _unwritable(call: Call) -> str:
    """Complain where the directories for what is on its way cannot be made."""
    try:
        call.view.target("/var/cache/nginx/client_temp")
    except FileError as error:
        numbers = {"EROFS": 30, "EACCES": 13}
        if error.code not in numbers:
            return ""
        text = f'mkdir() "/var/cache/nginx/client_temp" failed ({numbers[error.code]}: {error.text})'
        warning = ""
        if call.process.user:
            said = 'the "user" directive makes sense only if the master process runs with super-user privileges, ignored in'
            warning = _emergency(call, f"{said} /etc/nginx/nginx.conf:2", "warn")
        return warning + _emergency(call, text)
    return ""


def _emergency(call: Call, text: str, level: str = "emerg") -> str:
    """Return a line of the error log, and the same for standard error: both are what the container puts out."""
    when = strftime("%Y/%m/%d %H:%M:%S", call.now, zone(call.process.env))
    return f"{when} [{level}] {call.process.pid}#{call.process.pid}: {text}\nnginx: [{level}] {text}\n"


def _start(call: Call, foreground: bool) -> int | None:
    if not foreground:
        try:
            daemon = call.machine.spawn(None, call.process.argv)
        except ExecError:
            return call.fail("[alert] fork() failed (11: Resource temporarily unavailable)")
        daemon.ppid, daemon.fds = 1, {}
        call.machine.execute(daemon, [call.process.argv[0], "-g", "daemon off;"], call.process.env)
        call.machine.queue.append(daemon.pid)
        return 0
    if "starting" not in call.data:
        call.data["starting"] = True
        call.sleep(START)
        return None
    ports = sorted({port for site in sites(call.machine) for port in site.ports})
    for port in ports:
        if not call.machine.listen(call.process, port, "nginx"):
            call.err(
                f"nginx: [emerg] bind() to 0.0.0.0:{port} failed (98: Address already in use)\n"
                "nginx: [emerg] still could not bind()\n"
            )
            return 1
    call.data.update(listening=True, reaps=True, title=f"nginx: master process {' '.join(call.process.argv)}")
    lines = [
        'using the "epoll" event method',
        "nginx/1.22.1",
        "OS: Linux 6.1.0",
        "getrlimit(RLIMIT_NOFILE): 1048576:1048576",
        "start worker processes",
    ]
    lines += _start_workers(call)
    call.err("".join(notice(call, line) for line in lines))
    call.view.put(call.view.place(PID_FILE), Node("f", f"{call.process.pid}\n", mtime=call.now))
    call.forever()
    return None


def _start_workers(call: Call) -> list[str]:
    lines = []
    for _ in range(WORKERS):
        try:
            worker = call.machine.spawn(call.process, ["nginx"])
        except ExecError:
            break
        worker.program, worker.data = "nginx-worker", {"title": "nginx: worker process"}
        worker.env, worker.waiting, worker.seen = call.process.env, "signal", True
        lines.append(f"start worker process {worker.pid}")
    return lines


@command("nginx-worker")
def worker(call: Call) -> int | None:
    call.forever()
    return None


def _send(call: Call, word: str) -> int:
    signal = {"quit": "SIGQUIT", "stop": "SIGTERM", "reload": "SIGHUP", "reopen": "SIGUSR1"}.get(word)
    if signal is None:
        call.err(f'nginx: invalid option: "-s {word}"\n')
        return 1
    node = call.view.get(PID_FILE)
    pid = int(node.text) if node and node.text.strip().isdigit() else 0
    master = call.machine.state.processes.get(pid)
    when = strftime("%Y/%m/%d %H:%M:%S", call.now, zone(call.process.env))
    if node is None:
        call.err(f"{when} [notice] {call.process.pid}#{call.process.pid}: signal process started\n")
        call.err(f'nginx: [error] open() "{PID_FILE}" failed (2: No such file or directory)\n')
        return 1
    call.err(f"{when} [notice] {call.process.pid}#{call.process.pid}: signal process started\n")
    if master is None or master.code is not None:
        call.err(f"nginx: [alert] kill({pid}, {NUMBERS[signal]}) failed (3: No such process)\n")
        return 1
    master.data["from"] = call.process.pid
    call.machine.signal(master, signal)
    return 0


@handler("nginx")
def nginx_signal(call: Call, signal: str) -> bool:
    if "starting" not in call.data or signal not in ("SIGQUIT", "SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGCHLD"):
        return False
    sender = call.data.pop("from", None)
    received = f"signal {NUMBERS[signal]} ({signal}) received" + (f" from {sender}" if sender else "")
    if signal in ("SIGQUIT", "SIGTERM", "SIGINT"):
        if "stopping" not in call.data:
            call.err(notice(call, f"{received}, {'shutting down' if signal == 'SIGQUIT' else 'exiting'}"))
            call.data["stopping"] = signal
            call.sleep(QUIT)
    elif signal == "SIGHUP":
        call.err(notice(call, f"{received}, reconfiguring") + notice(call, "reconfiguring"))
        call.machine.changed(None)
    return True


def _stopped(call: Call) -> int:
    workers = [pid for pid in call.process.children if pid in call.machine.state.processes]
    lines = ""
    for pid in workers:
        if call.data["stopping"] == "SIGQUIT":
            lines += notice(call, "gracefully shutting down", pid)
        lines += notice(call, "exiting", pid) + notice(call, "exit", pid)
    for pid in workers:
        lines += notice(call, f"signal 17 (SIGCHLD) received from {pid}") + notice(
            call, f"worker process {pid} exited with code 0"
        )
    call.err(lines + notice(call, "exit"))
    place = call.view.place(PID_FILE)
    if call.view.node_at(place) is not None:
        call.view.remove(place)
    for pid in workers:
        call.machine.end(call.machine.state.processes[pid], 0)
    return 0


@handler("nginx-worker")
def worker_signal(call: Call, signal: str) -> bool:
    return False


# ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class Location(msgspec.Struct, frozen=True):
    """A location block: how its path is matched (prefix, =, ~, ~*), and what it does."""

    kind: str
    path: str
    root: str = ""
    status: int = 0
    text: str = ""
    proxy: str = ""


class Site(msgspec.Struct, frozen=True):
    """A server block."""

    ports: tuple[int, ...]
    root: str
    locations: tuple[Location, ...]


def _configurations(machine: Machine) -> list[str]:
    """Return the texts of the configuration: the main file and those that it includes."""
    return [text for _, text in _configuration_files(machine)]


def _configuration_files(machine: Machine) -> list[tuple[str, str]]:
    main = machine.view.get("/etc/nginx/nginx.conf")
    if main is None:
        return []
    texts = [("/etc/nginx/nginx.conf", main.text)]
    for directory in _included(main.text):
        try:
            names = machine.view.names(directory)
        except FileError:
            continue
        texts += [
            (join(directory, name), node.text)
            for name in names
            if name.endswith(".conf") and (node := machine.view.get(join(directory, name))) is not None
        ]
    return texts


@lru_cache(maxsize=256)
def _included(text: str) -> list[str]:
    """Return the directories whose .conf files a configuration file includes."""
    return re.findall(r"^\s*include\s+(/\S+)/\*\.conf\s*;", text, re.M)


def sites(machine: Machine) -> list[Site]:
    return [site for text in _configurations(machine) for site in read_sites(text)]


@lru_cache(maxsize=256)
def read_sites(text: str) -> tuple[Site, ...]:
    """Return the server blocks of a configuration file; what is not modelled in them is left out."""
    text = re.sub(r"#[^\n]*", "", text)
    return tuple(_site(body) for body in _blocks(text, r"\bserver\b\s*"))


def _blocks(text: str, head: str) -> list[str]:
    return [body for _, body in _headed(text, head)]


def _headed(text: str, head: str) -> list[tuple[str, str]]:
    found, at = [], 0
    expression = re.compile(rf"({head})\{{")
    while match := expression.search(text, at):
        depth, i = 1, match.end()
        while i < len(text) and depth:
            depth += {"{": 1, "}": -1}.get(text[i], 0)
            i += 1
        found.append((match.group(1), text[match.end() : i - 1]))
        at = i
    return found


def _site(body: str) -> Site:
    locations = tuple(_location(head, inner) for head, inner in _headed(body, r"\blocation\s+[^{]*"))
    outside = re.sub(r"\blocation\b[^{]*\{[^}]*\}", "", body)
    ports = tuple(int(port) for port in re.findall(r"\blisten\s+(?:[\d.*]+:|\[::\]:)?(\d+)", outside)) or (80,)
    root = re.search(r"\broot\s+(\S+?)\s*;", outside)
    returned = _return(outside)
    if returned:
        locations = (Location("", "/", "", *returned),)
    return Site(ports, root.group(1) if root else "/usr/share/nginx/html", locations)


def _location(head: str, body: str) -> Location:
    words = head.split()[1:]
    kind, path = (words[0], words[1]) if len(words) > 1 else ("", words[0] if words else "/")
    root = re.search(r"\broot\s+(\S+?)\s*;", body)
    proxy = re.search(r"\bproxy_pass\s+(\S+?)\s*;", body)
    status, text = _return(body) or (
        200 if "stub_status" in body else 0,
        "Active connections: 1 \n" if "stub_status" in body else "",
    )
    return Location(kind, path, root.group(1) if root else "", status, text, proxy.group(1) if proxy else "")


def _return(body: str) -> tuple[int, str] | None:
    match = re.search(r"\breturn\s+(\d{3})(?:\s+(?:\"((?:[^\"\\]|\\.)*)\"|'([^']*)'|([^;\s]+)))?\s*;", body)
    if not match:
        return None
    text = match.group(2) or match.group(3) or match.group(4) or ""
    return int(match.group(1)), text.replace("\\n", "\n").replace("\\r", "\r").replace('\\"', '"')


def _chosen(site: Site, path: str) -> Location | None:
    exact = next((one for one in site.locations if one.kind == "=" and one.path == path), None)
    if exact:
        return exact
    for one in site.locations:
        if one.kind in ("~", "~*") and re.search(one.path, path, re.I if one.kind == "~*" else 0):
            return one
    prefixes = [one for one in site.locations if one.kind in ("", "^~") and path.startswith(one.path)]
    return max(prefixes, key=lambda one: len(one.path), default=None)


def error_page(status: int) -> HTTPResponse:
    """Return nginx's own page for a status."""
    title = f"{status} {reason(status)}"
    body = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n"
        f"<body>\r\n<center><h1>{title}</h1></center>\r\n"
        "<hr><center>nginx/1.22.1</center>\r\n"
        "</body>\r\n</html>\r\n"
    )
    return HTTPResponse(status, body, (("Server", "nginx/1.22.1"), ("Content-Type", "text/html")))


@server("nginx", manner=Manner(keeps="keep-alive", server="nginx/1.22.1", content_type="text/plain"))
def answer(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    found = [site for site in sites(machine) if request.port in site.ports]
    site = found[0] if found else Site((80,), "/usr/share/nginx/html", ())
    path = join("/", request.path.partition("?")[0]) + (
        "/" if request.path.partition("?")[0].endswith("/") and len(request.path) > 1 else ""
    )
    location = _chosen(site, path)
    if location is not None and location.status:
        return _returned(location)
    if location is not None and location.proxy:
        return _proxied(machine, process, request, location)
    return _file(machine, process, request, (location.root if location else "") or site.root, path)


def _proxied(machine: Machine, process: Process, request: HTTPRequest, location: Location) -> HTTPResponse:
    """Ask the server behind: its answer, 502 where it refuses, 504 where none comes, 500 where it goes round in a ring."""
    room = machine.room
    if room.passing >= MOST_HOPS:
        return error_page(500)
    origin = Origin(machine.sandbox.spec.node, machine.sandbox)
    host, port, path = _behind(machine, request, location)
    reached = reach(room, origin, host, port)
    if reached.outcome != "open":
        return _unreached(machine, process, request, reached, f"http://{reached.ip}:{port}{path}")
    headers = tuple(pair for pair in request.headers if pair[0].lower() not in ("host", "connection"))
    asked = HTTPRequest(request.method, path, host, port, headers, request.body, machine.sandbox.spec.ip)
    room.passing += 1
    try:
        found = ask(room, reached, asked, logged=True)
    finally:
        room.passing -= 1
    if found.delay is None or found.delay >= PROXY_TIMEOUT:
        return msgspec.structs.replace(error_page(504), delay=PROXY_TIMEOUT, steady=False)
    if found.protocol != "http":
        return msgspec.structs.replace(error_page(502), steady=False)
    kept = tuple(pair for pair in found.headers if pair[0].lower() not in ("server", "date", "connection"))
    return msgspec.structs.replace(found, headers=(("Server", "nginx/1.22.1"), *kept), steady=False)


def _behind(machine: Machine, request: HTTPRequest, location: Location) -> tuple[str, int, str]:
    """Return host, port and path that a request is passed on to; a path in proxy_pass takes the place of the location's."""
    match = re.match(r"(https?)://([^/:]+)(?::(\d+))?(/.*)?$", location.proxy)
    if match is None:
        return "", 0, request.path
    scheme, host, port, path = match.groups()
    servers = upstreams(machine).get(host, ())
    if servers:
        machine.room.state.connections += 1
        host, _, number = servers[machine.room.state.connections % len(servers)].partition(":")
        port = number or port
    rest = request.path[len(location.path) :] if location.kind in ("", "^~") else request.path
    return host, int(port or (443 if scheme == "https" else 80)), path + rest if path else request.path


def _unreached(machine: Machine, process: Process, request: HTTPRequest, reached: Reached, upstream: str) -> HTTPResponse:
    """Complain in the error log as nginx does, and answer for the server behind."""
    lost = reached.outcome == "lost"
    why = "upstream timed out (110: Connection timed out)" if lost else "connect() failed (111: Connection refused)"
    if reached.outcome == "noname":
        why = f"{reached.ip} could not be resolved (3: Host not found)"
    worker = next(iter(process.children), process.pid)
    when = strftime("%Y/%m/%d %H:%M:%S", machine.kernel.now, zone(process.env))
    asked = f'request: "{request.method} {request.path} HTTP/1.1", upstream: "{upstream}", host: "{request.host}"'
    text = f"{why} while connecting to upstream, client: {request.client}, server: , {asked}"
    machine.write(process, 2, f"{when} [error] {worker}#{worker}: *1 {text}\n")
    page = error_page(504 if lost else 502)
    return msgspec.structs.replace(page, delay=PROXY_TIMEOUT if lost else 0, steady=False)


def upstreams(machine: Machine) -> dict[str, tuple[str, ...]]:
    """Return the servers of each upstream block."""
    return read_upstreams("".join(_configurations(machine)))


@lru_cache(maxsize=256)
def read_upstreams(text: str) -> dict[str, tuple[str, ...]]:
    """Return the servers of each upstream block in a configuration."""
    text = re.sub(r"#[^\n]*", "", text)
    blocks = _headed(text, r"\bupstream\s+[\w.-]+\s*")
    return {head.split()[1]: tuple(re.findall(r"\bserver\s+([\w.:-]+)", body)) for head, body in blocks}


def _returned(location: Location) -> HTTPResponse:
    if not location.text:
        return (
            error_page(location.status)
            if location.status >= 300
            else HTTPResponse(location.status, "", (("Server", "nginx/1.22.1"),))
        )
    if location.status in (301, 302, 303, 307, 308):
        page = error_page(location.status)
        return msgspec.structs.replace(page, headers=(*page.headers, ("Location", location.text)))
    return HTTPResponse(location.status, location.text, (("Server", "nginx/1.22.1"), ("Content-Type", "text/plain")))


def _file(machine: Machine, process: Process, request: HTTPRequest, root: str, path: str) -> HTTPResponse:
    full = join(root, "." + path)
    node = machine.view.get(full)
    if node is not None and node.kind == "d":
        if path != "/" and not path.endswith("/"):
            page = error_page(301)
            return msgspec.structs.replace(page, headers=(*page.headers, ("Location", f"http://{request.host}{path}/")))
        full = join(full, "index.html") if machine.view.get(join(full, "index.html")) else join(full, "index.htm")
        node = machine.view.get(full)
        if node is None:
            return error_page(403)
    if node is None:
        return error_page(404)
    if request.method not in ("GET", "HEAD"):
        return error_page(405)
    return _contents(request, full, node)


def _contents(request: HTTPRequest, path: str, node: Node) -> HTTPResponse:
    """Return a file, or that the client has it as it is."""
    tag, changed = f'"{node.mtime // SECOND:x}-{node.size:x}"', http_date(node.mtime)
    headers = (("Server", "nginx/1.22.1"), ("Last-Modified", changed), ("ETag", tag))
    known = request.header("If-None-Match")
    if tag in known if known else request.header("If-Modified-Since") == changed:
        return HTTPResponse(304, "", headers)
    return HTTPResponse(200, contents(node), (*headers, ("Content-Type", content_type(path)), ("Accept-Ranges", "bytes")))


def _log(machine: Machine, process: Process, request: HTTPRequest, response: HTTPResponse) -> None:
    """Write a request down: in the format `main` of the image's nginx.conf, or in nginx's own where that is not named.

    The file of the access log is a link to standard output.
    """
    text = "".join(_configurations(machine))
    if re.search(r"\baccess_log\s+off\s*;", text):
        return
    sent = 0 if request.method == "HEAD" else len(response.body)
    fields = ["Referer", "User-Agent", *(["X-Forwarded-For"] if re.search(r"\baccess_log\s+\S+\s+main\b", text) else [])]
    quoted = " ".join(f'"{request.header(field) or "-"}"' for field in fields)
    when = strftime("%d/%b/%Y:%H:%M:%S %z", machine.kernel.now, zone(process.env))
    asked = f"{request.method} {request.path} HTTP/1.1"
    machine.write(process, 1, f'{request.client} - - [{when}] "{asked}" {response.status} {sent} {quoted}\n')


ACCESS_LOGS["nginx"] = _log
