"""Servers that books and courses bring for their exercises: kubia, simpleservice, hellok8s."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from lifecycle.clock import MILLISECOND, SECOND
from lifecycle.programs.commands.call import Call, command, handler
from lifecycle.programs.commands.serving import dies_as_go, serve
from lifecycle.programs.images import catalogue
from lifecycle.programs.machine import Machine
from lifecycle.programs.servers import ACCESS_LOGS, HTTPRequest, HTTPResponse, Manner, server
from lifecycle.programs.state import Process

NODE = Manner(keeps="keep-alive")

# ── kubia (Kubernetes in Action): a server in Node.js, which as process 1 heeds no SIGTERM ───────────────────────────

MOST_ASKED = {"kubia-unhealthy": 5, "v3": 4}
"""How many requests it answers before it fails, by the image's name or its tag."""


@command("kubia")
def kubia(call: Call) -> int | None:
    if "starting" not in call.data:
        call.out("Kubia server starting...\n")
    return serve(call, [8080], "kubia", after=100 * MILLISECOND)


@server("kubia", manner=NODE)
def kubia_answer(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    name, _, tag = machine.state.spec.image.rpartition("/")[2].partition(":")
    host = machine.hostname()
    most = MOST_ASKED.get(name) or MOST_ASKED.get(tag)
    if most is not None:
        process.data["asked"] = process.data.get("asked", 0) + 1
        if process.data["asked"] > most:
            ill = "I'm not well. Please restart me!"
            text = ill if name == "kubia-unhealthy" else f"Some internal error has occurred! This is pod {host}\n"
            return HTTPResponse(500, text)
    text = f"This is {tag} running in pod {host}\n" if tag in ("v1", "v2", "v3", "v4") else f"You've hit {host}\n"
    return HTTPResponse(200, text, steady=most is None)


def _log_client(machine: Machine, process: Process, request: HTTPRequest, response: HTTPResponse) -> None:
    machine.write(process, 1, f"Received request from ::ffff:{request.client}\n")


ACCESS_LOGS["kubia"] = _log_client


# ── simpleservice (Kubernetes by Example): a server in Python that says what its environment has it say ──────────────


@command("simpleservice")
def simpleservice(call: Call) -> int | None:
    return serve(call, [int(call.process.env.get("PORT0", "9876"))], "simpleservice", after=300 * MILLISECOND)


@server("simpleservice", manner=Manner(server="TornadoServer/4.3", content_type="application/json"))
def simpleservice_answer(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    version = process.env.get("SIMPLE_SERVICE_VERSION") or catalogue.release(machine.state.spec.image)
    match urlsplit(request.path).path:
        case "/info":
            found = {"host": request.host, "version": version, "from": request.client}
        case "/env":
            found = {"version": version, "env": str(dict(process.env))}
        case "/health":
            found = {"healthy": "true"}
        case "/endpoint0":
            found = {"host": request.host, "version": version, "result": "all is well"}
        case _:
            return HTTPResponse(404, "<html><title>404: Not Found</title><body>404: Not Found</body></html>")
    body = ", ".join(f'"{name}": {msgspec.json.encode(value).decode()}' for name, value in found.items())
    return HTTPResponse(200, f"{{{body}}}")


# ── hellok8s: a server in Go ─────────────────────────────────────────────────────────────────────────────────────────


WELL = 15 * SECOND
"""How long the image that is to fail its liveness probe is well."""


@command("hellok8s")
def hellok8s(call: Call) -> int | None:
    call.data.setdefault("began", call.now)
    return serve(call, [3000], "hellok8s")


@server("hellok8s")
def hellok8s_answer(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    tag = machine.state.spec.image.rpartition("/")[2].partition(":")[2]
    if request.path == "/healthz" and tag == "bad":
        return HTTPResponse(500)
    if request.path == "/healthz" and tag == "liveness":
        since = machine.kernel.now - process.data["began"]
        if since <= WELL:
            return HTTPResponse(200, "ok", steady=False)
        return HTTPResponse(500, f"error: {since / SECOND}", steady=False)
    if tag == "v1":
        return HTTPResponse(200, "[v1] Hello, Kubernetes!")
    if tag == "v3":
        return HTTPResponse(200, f"[v3] Hello, Kubernetes!, From host: {machine.hostname()}")
    return HTTPResponse(200, "[v2] Hello, Kubernetes!")


handler("hellok8s")(dies_as_go)
