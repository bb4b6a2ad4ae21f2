"""nc in both directions, busybox's httpd, telnet."""

from __future__ import annotations

import re

from lifecycle.clock import MILLISECOND, SECOND, Micros
from lifecycle.programs import streams
from lifecycle.programs.commands.call import Call, UsageError, command, handler
from lifecycle.programs.commands.network import CONNECT_TIME, DNS_TIME
from lifecycle.programs.commands.times import seconds
from lifecycle.programs.exchange import Origin, answer, reach
from lifecycle.programs.files import join
from lifecycle.programs.forwarding import GRACE, talks
from lifecycle.programs.machine import Machine
from lifecycle.programs.servers import HTTPRequest, HTTPResponse, Manner, content_type, contents, reason, server
from lifecycle.programs.state import Connection, Process


@command("nc", "netcat", "ncat")
def nc(call: Call) -> int | None:
    options, operands = call.options("zvlkup:w:e:i:q:nN46cs:", {"listen": "l", "verbose": "v", "port": "p", "wait": "w"})
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
    call.moves()
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


def _nc_connect(call: Call, options: dict[str, str], host: str, port: int) -> None:
    reached = reach(call.machine.room, Origin("", call.machine.sandbox), host, port)
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


def _nc_talk(call: Call, host: str, port: int) -> int | None:
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


def _nc_listen(call: Call, options: dict[str, str], operands: list[str]) -> int | None:
    if call.data.get("served") and "k" not in options and "ll" not in "".join(call.args):
        return 0
    port = int(options.get("p") or next((one for one in reversed(operands) if one.isdigit()), "0"))
    if "listening" not in call.data:
        if not call.machine.listen(call.process, port, "nc"):
            return call.fail("bind: Address already in use" if call.busybox else "Address already in use")
        call.data["listening"] = True
        call.data["program"] = options.get("e", "")
    call.forever()
    return None


@server("nc")
def nc_answer(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    """Give what comes on its standard input (or from its program), which may be an HTTP answer written by hand."""
    text = process.data.get("text", "")
    if not text and 0 in process.fds:
        text = process.data["text"] = _all_input(machine, process)[0]
    process.data["served"] = True
    if request.body or request.path:
        machine.write(process, 1, request.body or f"{request.method} {request.path} HTTP/1.1\r\nHost: {request.host}\r\n\r\n")
    if process.waiting == "signal":
        machine.kernel.after(MILLISECOND, "programs", "wake", machine.state.spec.id, process.pid)
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
        call.machine.execute(daemon, [*call.process.argv, "-f"], call.process.env)
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
