"""Small servers that examples and tutorials are made of."""

from __future__ import annotations

import re

from lifecycle.programs.commands.call import Call, command, handler
from lifecycle.programs.commands.serving import START, dies_as_go, serve, stops
from lifecycle.programs.commands.times import strftime, zone
from lifecycle.programs.machine import Machine
from lifecycle.programs.servers import HTTPRequest, HTTPResponse, Manner, server
from lifecycle.programs.state import Process


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


@command("hello-world")
def hello_world(call: Call) -> int:
    call.out("\nHello from Docker!\nThis message shows that your installation appears to be working correctly.\n\n")
    return 0
