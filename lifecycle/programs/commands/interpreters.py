"""Interpreters of languages that are not run: what is assumed of the programs that they are given.

What is known all the same: digits of pi in Perl, and Python's server of files.
"""

from __future__ import annotations

import re

from lifecycle.clock import MILLISECOND, SECOND
from lifecycle.programs.commands.call import Call, command, handler
from lifecycle.programs.commands.serving import local_time, serve, stops
from lifecycle.programs.machine import Machine
from lifecycle.programs.paths import join
from lifecycle.programs.servers import ACCESS_LOGS, HTTPRequest, HTTPResponse, Manner, content_type, contents, reason, server
from lifecycle.programs.state import Process


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


@command("perl")
def perl(call: Call) -> int | None:
    """Print digits of pi, as everybody's first Job does; other programs in Perl are not run."""
    found = re.search(r"\bbpi\((\d+)\)", " ".join(call.args))
    if found is None:
        return runtime(call)
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
    when = local_time(machine, process, "%d/%b/%Y %H:%M:%S")
    asked = f"{request.method} {request.path} HTTP/1.1"
    if response.status >= 400:
        why = "File not found" if response.status == 404 else reason(response.status)
        machine.write(process, 2, f"{request.client} - - [{when}] code {response.status}, message {why}\n")
    machine.write(process, 2, f'{request.client} - - [{when}] "{asked}" {response.status} -\n')


ACCESS_LOGS["python-http"] = _python_log
