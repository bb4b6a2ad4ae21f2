"""Servers that tutorials show: podinfo, httpbin, kuard, the guestbook, php-apache, vish's stress."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from lifecycle.clock import MILLISECOND, SECOND, Micros, go_duration, parse_go_duration, rfc3339
from lifecycle.core_v1.quantity import parse
from lifecycle.programs.commands.call import Call, command, handler
from lifecycle.programs.commands.serving import dies_as_go, serve, stops
from lifecycle.programs.commands.times import strftime, zone
from lifecycle.programs.machine import Machine
from lifecycle.programs.servers import HTTPRequest, HTTPResponse, Manner, reason, server
from lifecycle.programs.state import Process

LONGEST_DELAY = 10
"""Seconds that httpbin waits at most."""
JSON = ("Content-Type", "application/json; charset=utf-8")


def _indented(found: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(found), indent=2).decode("latin-1") + "\n"


# ── those that say one thing ─────────────────────────────────────────────────────────────────────────────────────────

SAYS = {
    "hpa-example": (80, "OK!"),
    "node-hello": (8080, "Hello Kubernetes!"),
    "gb-frontend": (80, '<html ng-app="redis">\n  <head>\n    <title>Guestbook</title>\n  </head>\n</html>\n'),
    "test-webserver": (80, "<pre>\n</pre>\n"),
}


@command(*SAYS)
def says(call: Call) -> int | None:
    port, _ = SAYS[call.process.program]
    return serve(call, [port], call.process.program, after=200 * MILLISECOND)


def _said(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    return HTTPResponse(200, SAYS[process.program][1], (("Content-Type", "text/html; charset=UTF-8"),))


server("hpa-example", "gb-frontend", manner=Manner(keeps="Keep-Alive", server="Apache/2.4.25 (Debian)"))(_said)
server("node-hello", "test-webserver")(_said)


@handler("hpa-example", "gb-frontend")
def apache_signal(call: Call, signal: str) -> bool:
    return signal in ("SIGTERM", "SIGWINCH", "SIGINT") and "starting" in call.data and stops(call)


# ── podinfo ──────────────────────────────────────────────────────────────────────────────────────────────────────────

PODINFO = "6.7.1"


@command("podinfo")
def podinfo(call: Call) -> int | None:
    flags = dict(re.findall(r"--?([a-z-]+)[ =](\S+)", " ".join(call.args)))
    port = int(flags.get("port", "9898"))
    call.data.setdefault("ready", True)
    call.data["message"] = call.process.env.get("PODINFO_UI_MESSAGE") or f"greetings from podinfo v{PODINFO}"
    said = {"level": "info", "ts": rfc3339(call.now), "caller": "podinfo/main.go:153", "msg": "Starting podinfo"}
    text = msgspec.json.encode({**said, "version": PODINFO, "revision": "6b7aab8", "port": str(port)}).decode()
    return serve(call, [port], "podinfo", text.replace("{", "{{").replace("}", "}}"))


@server("podinfo")
def podinfo_answer(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    path, data = urlsplit(request.path).path.rstrip("/") or "/", process.data
    match path.split("/")[1:]:
        case ["healthz"]:
            return HTTPResponse(200, _indented({"status": "OK"}), (JSON,))
        case ["readyz"]:
            return HTTPResponse(200, _indented({"status": "OK"}), (JSON,)) if data["ready"] else HTTPResponse(503)
        case ["readyz", "enable" | "disable" as wish]:
            data["ready"] = wish == "enable"
            machine.changed(None)
            return HTTPResponse(202, steady=False)
        case ["version"]:
            return HTTPResponse(200, _indented({"commit": "6b7aab8", "version": PODINFO}), (JSON,))
        case ["env"]:
            return HTTPResponse(200, _indented([f"{name}={value}" for name, value in process.env.items()]), (JSON,))
        case ["headers"]:
            return HTTPResponse(200, _indented({name: [value] for name, value in request.headers}), (JSON,))
        case ["echo"]:
            return HTTPResponse(202, request.body, (JSON,))
        case ["status", code] if code.isdigit() and 100 <= int(code) <= 999:
            return HTTPResponse(int(code), _indented({"status": int(code)}), (JSON,))
        case ["delay", span] if span.isdigit():
            return HTTPResponse(200, _indented({"delay": int(span)}), (JSON,), int(span) * SECOND)
        case ["panic"]:
            machine.end(process, 255)
            return HTTPResponse(0, protocol="tcp", steady=False)
        case [""]:
            shown = {"hostname": machine.hostname(), "version": PODINFO, "message": data["message"]}
            more = {"revision": "6b7aab8", "goos": "linux", "goarch": "amd64", "runtime": "go1.23.1", "num_cpu": "2"}
            return HTTPResponse(200, _indented({**shown, **more}), (JSON,))
    return HTTPResponse(404, "404 page not found\n")


@handler("podinfo")
def podinfo_signal(call: Call, signal: str) -> bool:
    return signal in ("SIGTERM", "SIGINT") and "listening" in call.data and stops(call)


# ── httpbin ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@command("httpbin")
def httpbin(call: Call) -> int | None:
    when = strftime("%Y-%m-%d %H:%M:%S", call.now, zone(call.process.env))
    pid = call.process.pid
    lines = ("Starting gunicorn 19.9.0", f"Listening at: http://0.0.0.0:80 ({pid})", "Using worker: gevent")
    said = "\n".join(f"[{when} +0000] [{pid}] [INFO] {line}" for line in lines)
    return serve(call, [80], "httpbin", said, 500 * MILLISECOND)


@server("httpbin", manner=Manner(keeps="keep-alive", server="gunicorn/19.9.0", content_type="text/html; charset=utf-8"))
def httpbin_answer(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    parts = urlsplit(request.path)
    told = {
        "args": dict(parse_qsl(parts.query)),
        "headers": {"Host": request.host, **{name: value for name, value in request.headers if name.lower() != "host"}},
        "origin": request.client,
        "url": f"http://{request.host}{request.path}",
    }
    sent = {**told, "data": request.body, "files": {}, "form": {}, "json": None}
    found: Any
    match parts.path.strip("/").split("/"):
        case ["status", code] if code.isdigit() and 100 <= int(code) <= 999:
            return HTTPResponse(int(code), "\n    -=[ teapot ]=-\n" if code == "418" else "")
        case ["delay", span] if re.fullmatch(r"\d+(\.\d+)?", span):
            delay: Micros = round(min(float(span), LONGEST_DELAY) * SECOND)
            return HTTPResponse(200, _indented(told), (("Content-Type", "application/json"),), delay)
        case ["get" | "post" | "put" | "patch" | "delete" as method]:
            if method != request.method.lower().replace("head", "get"):
                return HTTPResponse(405, f"<title>405 {reason(405)}</title>\n")
            found = told if method == "get" else sent
        case ["anything", *_]:
            found = {**sent, "method": request.method}
        case ["headers"]:
            found = {"headers": told["headers"]}
        case ["ip"]:
            found = {"origin": request.client}
        case ["user-agent"]:
            found = {"user-agent": request.header("User-Agent")}
        case ["uuid"]:
            found = {"uuid": machine.kernel.seeds.uid("httpbin", machine.state.spec.id, machine.kernel.now)}
        case [""]:
            return HTTPResponse(
                200, '<!DOCTYPE html>\n<html lang="en">\n<head>\n    <title>httpbin.org</title>\n</head>\n</html>\n'
            )
        case _:
            return HTTPResponse(404, f"<title>404 {reason(404)}</title>\n<h1>{reason(404)}</h1>\n")
    return HTTPResponse(200, _indented(found), (("Content-Type", "application/json"),), steady=False)


@handler("httpbin")
def httpbin_signal(call: Call, signal: str) -> bool:
    return signal in ("SIGTERM", "SIGINT", "SIGQUIT") and "starting" in call.data and stops(call)


# ── kuard ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@command("kuard")
def kuard(call: Call) -> int | None:
    when = strftime("%Y/%m/%d %H:%M:%S", call.now, zone(call.process.env))
    return serve(call, [8080], "kuard", f"{when} Starting kuard version: v0.10.0-blue\n{when} Serving on HTTP on :8080")


@server("kuard")
def kuard_answer(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    path = urlsplit(request.path).path
    if path in ("/healthy", "/ready", "/healthy/", "/ready/"):
        return HTTPResponse(200, "ok")
    if path == "/":
        return HTTPResponse(
            200, f"<!doctype html>\n<title>KUAR Demo</title>\n{machine.hostname()}\n", (("Content-Type", "text/html"),)
        )
    return HTTPResponse(404, "404 page not found\n")


# ── stress, as vish wrote it in Go ───────────────────────────────────────────────────────────────────────────────────


@command("vish-stress")
def vish_stress(call: Call) -> int | None:
    """Take memory piece by piece: `-mem-total 150Mi -mem-alloc-size 100Mi -mem-alloc-sleep 1s -cpus 2`."""
    flags = dict(re.findall(r"--?([a-z-]+)[ =](\S+)", " ".join(call.args)))
    total, size = flags.get("mem-total", "0"), flags.get("mem-alloc-size", "4Ki")
    pause = parse_go_duration(flags.get("mem-alloc-sleep", "1ms")) or MILLISECOND
    data = call.data
    if "left" not in data:
        data["left"] = parse(total).value()
        _glog(
            call, 26, f'Allocating "{total}" memory, in "{size}" chunks, with a {go_duration(pause)} sleep between allocations'
        )
        for _ in range(min(int(flags.get("cpus", "0")), 64)):
            _glog(call, 39, "Spawning a thread to consume CPU")
    if data["left"] > 0:
        piece = min(data["left"], max(parse(size).value(), data["left"] // 1000, 1))
        data["left"] -= piece
        if not call.machine.memory.charge(call.process, piece):
            return None
        call.sleep(pause)
        return None
    if not data.get("told"):
        data["told"] = True
        _glog(call, 29, f'Allocated "{total}" memory')
    call.forever()
    return None


def _glog(call: Call, line: int, text: str) -> None:
    when = strftime("%m%d %H:%M:%S", call.now, zone(call.process.env))
    call.err(f"I{when}.{call.now % SECOND:06d} {call.process.pid:7} main.go:{line}] {text}\n")


handler("kuard", "vish-stress", "test-webserver")(dies_as_go)
