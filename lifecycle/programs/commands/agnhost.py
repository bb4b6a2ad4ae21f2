"""agnhost, the image of Kubernetes' own end-to-end tests: one program with many subcommands.

Kubernetes: test/images/agnhost.
"""

from __future__ import annotations

from html import escape
from urllib.parse import parse_qs

from lifecycle.clock import MILLISECOND, SECOND, Micros, go_duration, parse_go_duration
from lifecycle.programs import exchange, peers
from lifecycle.programs.commands.call import Call, command, handler
from lifecycle.programs.commands.serving import dies_as_go, serve, stops
from lifecycle.programs.commands.times import seconds, strftime, zone
from lifecycle.programs.lists import names
from lifecycle.programs.machine import Machine
from lifecycle.programs.servers import GRPC, NO_HTTP, REASONS, UNKNOWN_SERVICE, HTTPRequest, HTTPResponse, contents, server
from lifecycle.programs.state import Process

HEALTHY_FOR = 10 * SECOND
AWAITS_DELETION = 60 * SECOND


def flags(args: list[str]) -> tuple[dict[str, str], list[str]]:
    """Return a Go program's flags (`--name=value`, `--name value`) and the other arguments."""
    found: dict[str, str] = {}
    others: list[str] = []
    left = list(args)
    while left:
        arg = left.pop(0)
        if not arg.startswith("-"):
            others.append(arg)
            continue
        name, equals, value = arg.lstrip("-").partition("=")
        if not equals and left and not left[0].startswith("-"):
            value = left.pop(0)
        found[name] = value
    return found, others


@command("agnhost", "agnhost-liveness")
def agnhost(call: Call) -> int | None:
    word = "liveness" if call.process.program == "agnhost-liveness" else (call.args or ["help"])[0]
    options, others = flags(call.args[1:])
    if "stopping" in call.data:
        return 0
    match word:
        case "pause":
            return _pause(call)
        case "liveness":
            return _liveness(call)
        case "netexec":
            return _netexec(call, options)
        case "grpc-health-checking":
            return _grpc(call, options)
        case "serve-hostname":
            return serve(call, [int(options.get("port") or 9376)], "agnhost-hostname", _logged(call, "Serving on port {port}."))
        case "test-webserver":
            return serve(call, [int(options.get("port") or 80)], "agnhost-files")
        case "guestbook" | "webhook" | "fake-gitserver" | "nettest":
            return serve(
                call,
                [int(options.get("port") or options.get("http-port") or (8000 if word == "fake-gitserver" else 80))],
                "agnhost-web",
            )
        case "porter":
            return _porter(call)
        case "connect":
            return _connect(call, options, others)
        case "entrypoint-tester":
            call.out("[" + " ".join([call.process.argv[0], *call.args]) + "]\n")
            return 0
        case "dns-suffix":
            call.out(",".join(call.machine.room.network.cluster_conf(call.machine.sandbox.spec.namespace).search) + "\n")
            return 0
        case "dns-server-list":
            call.out(call.machine.room.network.state.dns_ip + "\n")
            return 0
        case "etc-hosts":
            call.out(call.read_file("/etc/hosts"))
            return 0
        case "logs-generator":
            return _logs(call, options)
        case "--version" | "version":
            call.out("agnhost version 2.40\n")
            return 0
    if word in ("help", "--help", "-h"):
        call.out("Usage:\n  app [command]\n")
        return 0
    if word not in _OTHERS:
        call.err(f'Error: unknown command "{word}" for "app"\nRun \'app --help\' for usage.\n')
        return 1
    call.assume("command", f"agnhost {word} is not modelled: it is assumed to serve on the declared ports.")
    return serve(call, list(call.machine.state.spec.ports), "default")


_OTHERS = set(
    names(
        "audit-proxy crd-conversion-webhook inclusterclient mounttest net no-snat-test no-snat-test-proxy port-forward-tester "
        "resource-consumer-controller tcp-reset stress mtlsclient mtlsserver openidmetadata"
    )
)


def _logged(call: Call, text: str) -> str:
    at = call.now + 30 * MILLISECOND
    when = strftime("%m%d %H:%M:%S", at, zone(call.process.env))
    return f"I{when}.{at % SECOND:06d} {call.process.pid:7} log.go:245] {text}"


def _pause(call: Call) -> int | None:
    if "starting" not in call.data:
        call.data["starting"] = True
        call.out("Paused\n")
    call.forever()
    return None


def _redirect(location: str, code: int = 302) -> HTTPResponse:
    """Send a client on as Go's net/http does: a place without a root begins at it, and also stands in a line of HTML."""
    if "://" not in location and not location.startswith("/"):
        location = f"/{location}"
    body = f'<a href="{escape(location)}">{REASONS.get(code, "")}</a>.\n\n'
    return HTTPResponse(code, body, (("Location", location), ("Content-Type", "text/html; charset=utf-8")))


def _liveness(call: Call) -> int | None:
    """Answer 200 at /healthz for ten seconds and 500 from then on."""
    if "listening" in call.data and call.now >= call.data["since"] + HEALTHY_FOR:
        call.machine.changed(None)
        call.forever()
        return None
    call.data.setdefault("since", call.now)
    status = serve(call, [8080], "agnhost-liveness")
    if "listening" in call.data:
        call.machine.sleep_until(call.process, call.data["since"] + HEALTHY_FOR)
    return status


@server("agnhost-liveness")
def liveness_answer(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    path, _, query = request.path.partition("?")
    if path == "/started":
        age = machine.kernel.now - process.data["since"]
        return HTTPResponse(200, go_duration(age), steady=False)
    if path == "/redirect":
        return _redirect(parse_qs(query).get("loc", [""])[0])
    if not request.path.startswith("/healthz"):
        return HTTPResponse(404, "404 page not found\n")
    age = machine.kernel.now - process.data["since"]
    if age > HEALTHY_FOR:
        return HTTPResponse(500, f"error: {age / SECOND:f}")
    return HTTPResponse(200, "ok")


def _netexec(call: Call, options: dict[str, str]) -> int | None:
    port = int(options.get("http-port") or 8080)
    udp = options.get("udp-port") or "8081"
    call.data["ready"] = udp != "-1"  # its UDP server makes it so
    said = _logged(call, "Started HTTP server on port {port}")
    if udp != "-1":
        said += "\n" + _logged(call, f"Started UDP server on port  {udp}")
        if "listening" not in call.data and udp.isdigit():
            peers.bind(call.machine, call.process, int(udp), "agnhost-udp")
    return serve(call, [port], "agnhost-netexec", said)


@server("agnhost-udp", manner=NO_HTTP)
def netexec_datagram(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    """Answer a datagram: hostname, echo TEXT, clientip."""
    word, _, text = request.body.strip().partition(" ")
    said = {"hostname": machine.hostname(), "echo": text, "clientip": f"{request.client}:43210"}.get(word.lower(), "")
    return HTTPResponse(0, said, protocol="tcp")


@server("agnhost-netexec")
def netexec_answer(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    path, _, query = request.path.partition("?")
    values = {name: one[0] for name, one in parse_qs(query).items()}
    match path:
        case "/healthz":
            return HTTPResponse(200 if process.data["ready"] else 412)
        case "/hostname" | "/hostName":
            return HTTPResponse(200, machine.hostname())
        case "/clientip":
            return HTTPResponse(200, f"{request.client}:43210")
        case "/echo":
            code = values.get("code", "")
            return HTTPResponse(int(code) if code.isdigit() else 200, values.get("msg", ""))
        case "/redirect":
            code = values.get("code", "")
            return _redirect(values.get("location", "/"), int(code) if code.isdigit() else 302)
        case "/exit" | "/shutdown":
            code = values.get("code", "0")
            machine.end(process, int(code) if code.isdigit() else 0)
            return HTTPResponse(0, protocol="tcp", steady=False)
    return HTTPResponse(200, f"NOW: {strftime('%F %T', machine.kernel.now, zone({}))} +0000 UTC")


def _grpc(call: Call, options: dict[str, str]) -> int | None:
    delay = seconds(options.get("delay-unhealthy-sec", "")) if options.get("delay-unhealthy-sec", "-1") != "-1" else None
    if "listening" in call.data:
        if call.data.get("since") is not None and delay is not None and call.now < call.data["since"] + delay * SECOND:
            call.machine.sleep_until(call.process, call.data["since"] + round(delay * SECOND))
            return None
        call.machine.changed(None)
        call.forever()
        return None
    call.data.setdefault("since", call.now)
    call.data["delay"], call.data["service"] = delay, options.get("service", "")
    grpc, http = int(options.get("port") or 5000), int(options.get("http-port") or 8080)
    said = (
        _logged(call, f"Http server starting to listen on :{http}")
        + "\n"
        + _logged(call, f"gRPC server starting to listen on :{grpc}")
    )
    status = serve(call, [grpc], "agnhost-grpc", said)
    if "listening" in call.data:
        call.machine.listen(call.process, http, "agnhost-grpc-control")
        if delay is not None:
            call.machine.sleep_until(call.process, call.data["since"] + round(delay * SECOND))
    return status


@server("agnhost-grpc", manner=NO_HTTP)
def grpc_answer(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    return HTTPResponse(0, "\0\0\6\4\0\0\0\0\0\0\5\0\0@\0", protocol="tcp")


def _grpc_status(machine: Machine, process: Process, service: str) -> tuple[str, bool]:
    data = process.data
    if service != data["service"]:
        return UNKNOWN_SERVICE, True
    forced = data.get("forced")
    if forced is not None:
        return ("NOT_SERVING" if forced else "SERVING"), True
    late = data["delay"] is not None and machine.kernel.now >= data["since"] + data["delay"] * SECOND
    return ("NOT_SERVING" if late else "SERVING"), True


GRPC["agnhost-grpc"] = _grpc_status


@server("agnhost-grpc-control")
def control_answer(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    if request.path not in ("/make-not-serving", "/make-serving"):
        return HTTPResponse(404, "404 page not found\n")
    process.data["forced"] = request.path == "/make-not-serving"
    machine.changed(None)
    return HTTPResponse(200, go_duration(machine.kernel.now - process.data["since"]), steady=False)


@server("agnhost-hostname", "agnhost-web")
def hostname_answer(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    return HTTPResponse(200, machine.hostname() + "\n")


@server("agnhost-files")
def files_answer(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    """Show the container's files as Go's http.FileServer does."""
    path = request.path.partition("?")[0]
    node = machine.view.get(path)
    if node is not None and node.kind == "d":
        if not path.endswith("/"):
            return HTTPResponse(301, "", (("Location", path.rpartition("/")[2] + "/"),))
        node = machine.view.get(f"{path}index.html") or node
    if node is None:
        return HTTPResponse(404, "404 page not found\n", (("Content-Type", "text/plain; charset=utf-8"),))
    if node.kind != "d":
        return HTTPResponse(200, contents(node))
    found = [(name, machine.view.get(f"{path}{name}", follow=False)) for name in machine.view.names(path)]
    shown = [f"{name}/" if one is not None and one.kind == "d" else name for name, one in found]
    listing = "".join(f'<a href="{escape(name)}">{escape(name)}</a>\n' for name in shown)
    return HTTPResponse(200, f"<pre>\n{listing}</pre>\n", (("Content-Type", "text/html; charset=utf-8"),))


def _porter(call: Call) -> int | None:
    ports = {
        int(name.removeprefix("SERVE_PORT_")): value
        for name, value in call.process.env.items()
        if name.startswith("SERVE_PORT_") and name[11:].isdigit()
    }
    call.data["answers"] = {str(port): value for port, value in ports.items()}
    return serve(call, sorted(ports), "agnhost-porter")


@server("agnhost-porter")
def porter_answer(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    return HTTPResponse(200, process.data["answers"].get(str(request.port), ""))


def _connect(call: Call, options: dict[str, str], others: list[str]) -> int | None:
    if "error" in call.data:
        if call.data["error"]:
            call.err(call.data["error"] + "\n")
        return int(bool(call.data["error"]))
    host, _, port = (others or [""])[0].rpartition(":")
    if not port.isdigit():
        call.err("UNKNOWN\n")
        return 1
    call.moves()
    limit = parse_go_duration(options["timeout"]) if options.get("timeout") else 30 * SECOND
    reached = exchange.reach(call.machine.room, exchange.Origin("", call.machine.sandbox), host, int(port))
    call.data["error"] = {"open": "", "refused": "REFUSED", "lost": "TIMEOUT", "noname": "DNS"}[reached.outcome]
    call.sleep(limit if reached.outcome == "lost" else reached.delay)
    return None


def _logs(call: Call, options: dict[str, str]) -> int | None:
    total = min(int(options.get("log-lines-total") or options.get("t") or 0), 10_000)
    span = parse_go_duration(options.get("run-duration") or options.get("d") or "1s")
    done: int = call.data.get("done", 0)
    if done >= total:
        return 0
    number = call.machine.kernel.seeds.number(1000, "logs", call.machine.state.spec.id, done)
    when = strftime("%FT%TZ", call.now, zone({}))
    call.out(f"{when} {done} GET /api/v1/namespaces/default/endpoints/{number:x} {number}\n")
    call.data["done"] = done + 1
    call.sleep(max(span // max(total, 1), 1))
    return None


@handler("agnhost")
def agnhost_signal(call: Call, signal: str) -> bool:
    word, options = (call.args or [""])[0], flags(call.args[1:])[0]
    match word, signal:
        case "pause", "SIGTERM" | "SIGINT":
            return stops(call, 2 if signal == "SIGTERM" else 1)
        case "serve-hostname", "SIGTERM":
            received = "Shutting down after receiving signal: terminated."
            return _stops_after(call, AWAITS_DELETION, received, "Awaiting pod deletion.")
        case "netexec", "SIGTERM":
            delay = int(options.get("delay-shutdown") or 0)
            return _stops_after(call, delay * SECOND, f"Sleeping {delay} seconds before terminating...")
    return dies_as_go(call, signal)


def _stops_after(call: Call, span: Micros, *said: str) -> bool:
    """Say something and go on for a while, then end; a second signal changes nothing."""
    if not span:
        return stops(call)
    if "stopping" not in call.data:
        call.data["stopping"] = True
        call.err("".join(f"{_logged(call, text)}\n" for text in said))
        call.sleep(span)
    return True
