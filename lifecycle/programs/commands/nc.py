"""nc in both directions, busybox's httpd, telnet."""

from __future__ import annotations

import re

from lifecycle.clock import MILLISECOND, SECOND, Micros
from lifecycle.programs import executing, peers, streams
from lifecycle.programs.commands.call import Call, UsageError, command, handler
from lifecycle.programs.commands.network import CONNECT_TIME, DNS_TIME
from lifecycle.programs.commands.times import seconds
from lifecycle.programs.exchange import Origin, answer, reach
from lifecycle.programs.executing import ExecError
from lifecycle.programs.forwarding import GRACE, talks
from lifecycle.programs.machine import Machine
from lifecycle.programs.paths import join
from lifecycle.programs.servers import SERVERS, HTTPRequest, HTTPResponse, Manner, content_type, contents, reason, server
from lifecycle.programs.state import Connection, Listener, Open, Process


@command("nc", "netcat", "ncat")
def nc(call: Call) -> int | None:
    program = _program(call)
    options, operands = call.options(
        "zvlkup:w:i:q:nN46s:", {"listen": "l", "verbose": "v", "port": "p", "wait": "w", "udp": "u"}
    )
    if program:
        call.data["program"] = program
    if "u" in options:
        return _nc_udp(call, options, operands)
    if "l" in options:
        return _nc_listen(call, options, operands)
    if len(operands) < 2 or not operands[1].isdigit():
        if call.busybox:
            call.err(
                "BusyBox v1.35.0 multi-call binary.\n"
                "\nUsage: nc [OPTIONS] HOST PORT  - connect\n"
                "nc [OPTIONS] -l -p PORT [HOST] [PORT]  - listen\n"
            )
            return 1
        raise UsageError("missing hostname and port arguments")
    host, port = operands[0], int(operands[1])
    if "outcome" not in call.data:
        _nc_connect(call, options, host, port)
        return None
    outcome, ip = call.data["outcome"], call.data["ip"]
    if outcome == "noname":
        return call.fail(
            f"bad address '{host}'" if call.busybox else f'getaddrinfo for host "{host}" port {port}: Name or service not known'
        )
    if outcome != "open":
        return _nc_failed(call, options, host, port, ip, outcome)
    if "v" in options:
        call.err(
            f"{host} ({ip}:{port}) open\n" if call.busybox else f"Connection to {host} ({ip}) {port} port [tcp/*] succeeded!\n"
        )
    return 0 if "z" in options else _nc_talk(call, host, port)


def _program(call: Call) -> list[str]:
    """Take the program for each connection from the arguments: in busybox it is all that stands behind -e."""
    at = next((i for i, arg in enumerate(call.args) if re.fullmatch(r"-[a-z]*e|-c|--exec|--sh-exec", arg)), None)
    if at is None:
        return []
    words, flag = call.args[at + 1 :], call.args[at]
    joined = flag[:-1] if len(flag) > 2 and not flag.startswith("--") else ""
    call.args = [*call.args[:at], *([joined] if joined else []), *([] if call.busybox else words[1:])]
    return words if call.busybox else ["sh", "-c", *words[:1]]


def _nc_connect(call: Call, options: dict[str, str], host: str, port: int) -> None:
    reached = reach(call.machine.room, Origin("", call.machine.sandbox), host, port)
    call.looks(reached)
    outcome = "open" if "u" in options and reached.outcome != "noname" else reached.outcome
    call.data.update(outcome=outcome, ip=reached.ip)
    limit = seconds(options.get("w", ""))
    call.sleep({"lost": round(limit * SECOND) if limit else CONNECT_TIME, "noname": DNS_TIME}.get(outcome, MILLISECOND))


def _nc_failed(call: Call, options: dict[str, str], host: str, port: int, ip: str, outcome: str) -> int:
    text = "Connection refused" if outcome == "refused" else "Connection timed out"
    if call.busybox:
        if "z" not in options or "v" in options:
            call.err(
                f"nc: can't connect to remote host ({ip}): {text}\n"
                if "v" not in options
                else f"nc: {host} ({ip}:{port}): {text}\n"
            )
    elif "v" in options or "z" not in options:
        call.err(f"nc: connect to {host} ({ip}) port {port} (tcp) failed: {text}\n" if "v" in options else "")
    return 1


def _nc_udp(call: Call, options: dict[str, str], operands: list[str]) -> int | None:
    """Send datagrams, or write out those that come; nobody says whether they arrive."""
    call.moves()
    if "l" in options:
        port = int(options.get("p") or next((one for one in reversed(operands) if one.isdigit()), "0"))
        if "bound" not in call.data and not peers.bind(call.machine, call.process, port, "nc"):
            return call.fail("bind: Address already in use" if call.busybox else "Address already in use")
        call.data["bound"] = True
        call.forever()
        return None
    if len(operands) < 2 or not operands[1].isdigit():
        raise UsageError("missing hostname and port arguments")
    host, port = operands[0], int(operands[1])
    if not call.machine.room.resolve(call.machine.sandbox, host):
        unknown = f'getaddrinfo for host "{host}" port {port}: Name or service not known'
        return call.fail(f"bad address '{host}'" if call.busybox else unknown)
    if "z" in options:
        call.err(f"{host} ({host}:{port}) open\n" if "v" in options and call.busybox else "")
        return 0
    while not call.data.get("sent"):
        piece = streams.read(call.machine, call.process, 0)
        if piece is None:
            return None
        if piece:
            _send(call, host, port, piece)
        else:
            call.data["sent"] = True
            limit = seconds(options.get("w", "") or options.get("q", ""))
            call.sleep(round(limit * SECOND)) if limit else call.forever()
            return None
    return 0 if options.get("w") or options.get("q") else None


def _send(call: Call, host: str, port: int, text: str) -> None:
    """Send a datagram, and write out what is said to it."""
    found = peers.receiver(call.machine.room, Origin("", call.machine.sandbox), host, port)
    if found is None:
        return
    machine = call.machine.room.machine(found[1].container)
    process = machine.state.processes.get(found[1].pid)
    if process is None or process.code is not None:
        return
    if found[1].server == "nc":
        machine.write(process, 1, text)
        machine.run()
        return
    asked = HTTPRequest("", "", host, port, (), text, call.machine.sandbox.spec.ip)
    call.out(SERVERS[found[1].server](machine, process, asked).body)


def _nc_talk(call: Call, host: str, port: int) -> int | None:
    live = _nc_live(call, host, port)
    if live is not NO_PEER:
        return live
    text = call.stdin()
    if text is None:
        return None
    reached = reach(call.machine.room, Origin("", call.machine.sandbox), host, port)
    if reached.outcome != "open":
        return 1
    words = text.split("\r\n")[0].split("\n")[0].split()
    path = words[1] if len(words) > 1 and words[0] in ("GET", "HEAD", "POST") else ""
    response = answer(
        call.machine.room,
        reached,
        HTTPRequest(words[0] if path else "", path, host, port, (), text, call.machine.sandbox.spec.ip),
        logged=bool(path),
    )
    if response.protocol == "http" and path:
        call.out(
            f"HTTP/1.1 {response.status} {reason(response.status)}\r\n"
            f"Content-Length: {len(response.body)}\r\n"
            f"\r\n{response.body}"
        )
    elif response.protocol == "tcp":
        call.out(response.body)
    return 0


NO_PEER = -1
"""There is nobody at the other end who writes out what comes."""
BUSY: Micros = 100 * MILLISECOND
"""How soon it is tried again to reach one who talks with somebody else."""


def _nc_live(call: Call, host: str, port: int) -> int | None:
    """Talk with another nc, each as its input comes, until one of them goes."""
    data = call.data
    if data.get("parted"):
        return 0
    if "peer" not in data:
        listener = reach(call.machine.room, Origin("", call.machine.sandbox), host, port).listener
        if listener is None or listener.server != "nc" or _runs_programs(call, listener):
            return NO_PEER
        if not peers.join(call.machine, call.process, listener):
            call.sleep(BUSY)
            return None
    if peers.pass_on(call.machine, call.process):
        peers.end(call.machine, call.process)
        if data.get("parted"):
            return 0
        call.forever()
    return None


def _runs_programs(call: Call, listener: Listener) -> bool:
    machine = call.machine.room.machine(listener.container)
    process = machine.state.processes.get(listener.pid)
    return process is None or bool(process.data.get("program"))


def _nc_serve(call: Call, keep: bool) -> int | None:
    """Talk with who has connected; the end of what that one says is the end, unless nc is to keep listening."""
    data = call.data
    over = data.get("parted") or data.get("ended") or "peer" not in data
    if not over and not peers.pass_on(call.machine, call.process):
        return None
    if not over:
        peers.end(call.machine, call.process)
        call.forever()
        return None
    peers.pass_on(call.machine, call.process)
    peers.hang_up(call.machine, call.process)
    if not keep:
        return 0
    for name in ("ended", "parted"):
        data.pop(name, None)
    call.forever()
    return None


def _nc_listen(call: Call, options: dict[str, str], operands: list[str]) -> int | None:
    keep = "k" in options or "ll" in "".join(call.args)
    if call.data.get("served") and not keep:
        return 0
    if "peer" in call.data or call.data.get("parted"):
        return _nc_serve(call, keep)
    port = int(options.get("p") or next((one for one in reversed(operands) if one.isdigit()), "0"))
    if "listening" not in call.data:
        if not call.machine.listen(call.process, port, "nc"):
            return call.fail("bind: Address already in use" if call.busybox else "Address already in use")
        call.data["listening"] = True
    call.forever()
    return None


@server("nc")
def nc_answer(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    """Give what comes on its standard input (or from its program), which may be an HTTP answer written by hand."""
    if process.data.get("program"):
        text = _ran(machine, process, request)
        process.data["served"] = True
        if process.waiting == "signal":
            machine.kernel.after(MILLISECOND, "programs", "wake", machine.state.spec.id, process.pid)
        return _as_written(text)
    text = process.data.get("text", "")
    if not text and 0 in process.fds:
        text = process.data["text"] = _all_input(machine, process)[0]
    process.data["served"] = True
    if request.body or request.path:
        machine.write(process, 1, request.body or f"{request.method} {request.path} HTTP/1.1\r\nHost: {request.host}\r\n\r\n")
    if process.waiting == "signal":
        machine.kernel.after(MILLISECOND, "programs", "wake", machine.state.spec.id, process.pid)
    return _as_written(text)


def _ran(machine: Machine, process: Process, request: HTTPRequest) -> str:
    """Return what the program for a connection puts out at once; one that takes longer is ended."""
    argv = [str(word) for word in process.data["program"]]
    try:
        child = machine.spawn(process, argv)
    except ExecError:
        return ""
    said = Open("capture", refs=1)
    number = machine.open_number(said)
    asked = request.body or f"{request.method} {request.path} HTTP/1.1\r\nHost: {request.host}\r\n\r\n"
    streams.set_fd(machine, child, 0, Open("text", text=asked))
    machine.state.opens[number].refs = 2
    if 1 in child.fds:
        streams.close(machine, child, 1)
    child.fds[1] = number
    try:
        executing.execute(machine, child, argv, process.env)
    except ExecError:
        machine.end(child, 127)
    else:
        machine.queue.append(child.pid)
        machine.run()
    text = said.text
    if child.code is None:
        machine.end(child, 137, "SIGKILL")
    machine.state.processes.pop(child.pid, None)
    if child.pid in process.children:
        process.children.remove(child.pid)
    machine.state.opens.pop(number, None)
    return text


def _as_written(text: str) -> HTTPResponse:
    """Return what comes, which may be an answer in HTTP."""
    match = re.match(r"HTTP/\d(?:\.\d)? (\d{3})[^\n]*\r?\n", text)
    if not match:
        return HTTPResponse(0, text, protocol="tcp", steady=False)
    body = re.split(r"\r?\n\r?\n", text, maxsplit=1)[1:] or [""]
    return HTTPResponse(int(match.group(1)), body[0], steady=False)


def _all_input(machine: Machine, process: Process) -> tuple[str, bool]:
    """Return what can be read from standard input, and whether that was the end of it."""
    text = ""
    while piece := streams.read(machine, process, 0):
        text += piece
    process.waiting = "signal"
    return text, piece == ""


SILENCE: Micros = 10 * SECOND
"""How long a client may say nothing to an nc whose own input has ended."""


@talks("nc")
def nc_connection(machine: Machine, process: Process, connection: Connection) -> None:
    """Send what comes on standard input, write out what the client sends, and exit with the client unless told to keep on.

    Where the input has ended nc says no more, and whoever forwards the port ends the connection soon after; the client gets
    the time to say something, for its clock may be slower than the cluster's.
    """
    forwarding, kernel = machine.room.forwarding, machine.kernel
    silent = not connection.data
    if not connection.greeted:
        connection.greeted = True
        text, connection.last = _all_input(machine, process)
        text = process.data.pop("text", "") + text
        forwarding.send(connection, text.encode("latin-1", "replace"))
    if connection.data:
        data, connection.data = connection.data, b""
        machine.write(process, 1, data.decode("latin-1"))
    if connection.ended and connection.session in machine.room.state.forwarded:
        process.data["served"] = True
        forwarding.close(connection.session)
        kernel.after(MILLISECOND, "programs", "wake", machine.state.spec.id, process.pid)
    elif connection.last:
        kernel.cancel(connection.timer)
        connection.timer = kernel.after(SILENCE if silent else GRACE, "programs", "hung_up", connection.session)


@command("httpd")
def httpd(call: Call) -> int | None:
    """busybox's web server: `httpd -f -p 8080 -h /www`; without -f it goes to the background."""
    if not call.busybox:
        call.assume("command", "httpd is assumed to serve on the declared ports.")
    options, _ = call.options("fp:h:c:u:r:vi", {})
    if "listening" in call.data:
        call.forever()
        return None
    port = int((options.get("p") or "80").rpartition(":")[2])
    if "f" not in options:
        daemon = call.machine.spawn(None, [*call.process.argv, "-f"])
        daemon.ppid = 1
        daemon.cwd = call.process.cwd
        executing.execute(call.machine, daemon, [*call.process.argv, "-f"], call.process.env)
        call.machine.queue.append(daemon.pid)
        return 0
    if not call.machine.listen(call.process, port, "busybox-httpd"):
        return call.fail("bind: Address already in use")
    call.data.update(listening=True, home=call.path(options.get("h", ".")))
    call.forever()
    return None


@server("busybox-httpd", manner=Manner(closes=True, content_type="text/html"))
def httpd_answer(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    path = join(process.data["home"], "." + request.path.partition("?")[0])
    node = machine.view.get(path)
    if node is not None and node.kind == "d":
        path = join(path, "index.html")
        node = machine.view.get(path)
    if node is None:
        return HTTPResponse(
            404,
            (
                "<HTML><HEAD><TITLE>404 Not Found</TITLE></HEAD>\n"
                "<BODY><H1>404 Not Found</H1>\nThe requested URL was not found\n"
                "</BODY></HTML>\n"
            ),
        )
    return HTTPResponse(200, contents(node), (("Content-Type", content_type(path)),))


@handler("httpd")
def httpd_signal(call: Call, signal: str) -> bool:
    return False


@command("telnet")
def telnet(call: Call) -> int | None:
    call.moves()
    operands = [arg for arg in call.args if not arg.startswith("-")]
    if not operands:
        return call.fail("usage: telnet HOST [PORT]")
    port = int(operands[1]) if len(operands) > 1 and operands[1].isdigit() else 23
    reached = reach(call.machine.room, Origin("", call.machine.sandbox), operands[0], port)
    if reached.outcome == "noname":
        return call.fail(f"bad address '{operands[0]}'")
    if reached.outcome != "open":
        return call.fail(f"can't connect to remote host ({reached.ip}): Connection refused")
    call.out(f"Connected to {operands[0]}\n")
    return 0
