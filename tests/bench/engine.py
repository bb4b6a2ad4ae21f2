"""The engine alone, on one core: whole lives a second, what a life and a Pod cost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import yaml

from lifecycle.clock import MINUTE, SECOND, Micros, from_seconds
from lifecycle.engine import Engine
from lifecycle.wire import DEFAULT_START, Change, Config, Image, Output, Request
from tests.bench.figure import Figure

RECORDINGS = Path(__file__).resolve().parents[1] / "data" / "recordings"

Timed = tuple[Micros, Request]


def recorded() -> tuple[list[list[Timed]], dict[str, Image]]:
    """Return the requests of every recorded case (moments from 0) and all images that they pull."""
    cases, images = [], {}
    for path in sorted(RECORDINGS.glob("*/requests.yaml")):
        cases.append([(from_seconds(line["t"]), request(line)) for line in yaml.safe_load(path.read_text())])
        images |= msgspec.convert(yaml.safe_load((path.parent / "images.yaml").read_text()) or {}, dict[str, Image])
    return cases, images


def request(line: dict[str, Any]) -> Request:
    body = line.get("body")
    resource = line.get("resource") or body["kind"].lower() + "s"
    return Request(
        verb=line["verb"],
        resource=resource,
        group_version=(body or {}).get("apiVersion", "v1") if line["verb"] == "create" else "v1",
        namespace=line.get("namespace", "default"),
        name=line.get("name", ""),
        subresource=line.get("subresource", ""),
        content_type=line.get("contentType", "application/json"),
        query={key: [value] if isinstance(value, str) else value for key, value in (line.get("query") or {}).items()},
        body=body,
    )


def copies(cases: list[list[Timed]], rounds: int) -> tuple[list[Timed], list[str]]:
    """Return the requests of all cases, each round of a case in a namespace of its own, in order of time."""
    out: list[Timed] = []
    namespaces = []
    for number in range(rounds):
        for place, case in enumerate(cases):
            namespace = f"case-{number}-{place}"
            namespaces.append(namespace)
            out += [(at, msgspec.structs.replace(asked, namespace=namespace)) for at, asked in case]
    return sorted(out, key=lambda timed: timed[0]), namespaces


def play(config: Config, requests: list[Timed], until: Micros) -> tuple[Engine, list[Output]]:
    """Play requests to a moment, with every output encoded as a reader would get it."""
    engine = Engine.new(config)
    encoder = msgspec.json.Encoder()
    outputs: list[Output] = []
    for at, asked in requests:
        engine.request(config.start + at, asked)
        outputs += engine.advance(config.start + at)
    outputs += engine.advance(config.start + until)
    for output in outputs:
        encoder.encode(output)
    return engine, outputs


def lives(outputs: list[Output]) -> int:
    return sum(o.type == "ADDED" and o.object["kind"] == "Pod" for o in outputs if isinstance(o, Change))


def pod(name: str, command: str = "", **container: Any) -> Timed:
    spec = {"name": "app", "image": "busybox", **({"command": ["sh", "-c", command]} if command else {}), **container}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [spec]}}
    return 0, Request("create", "pods", namespace="default", body=body)


def seconds(run: Any) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def figures() -> Iterator[Figure]:
    yield whole_lives()
    yield crash_loop()
    yield steady_year()
    yield from growth()


def whole_lives() -> Figure:
    cases, images = recorded()
    requests, namespaces = copies(cases, 3)
    config = Config(DEFAULT_START, images=images, namespaces=tuple(namespaces))
    started = time.perf_counter()
    _, outputs = play(config, requests, 10 * MINUTE)
    return Figure("whole lives, a mix like the recordings", lives(outputs) / (time.perf_counter() - started), "a s", 300, True)


def crash_loop() -> Figure:
    requests = [pod("crash", "sleep 1; exit 1")]
    play(Config(DEFAULT_START), requests, MINUTE)
    spent = min(seconds(lambda: play(Config(DEFAULT_START), requests, 15 * MINUTE)) for _ in range(5))
    return Figure("15 minutes of CrashLoopBackOff", spent * 1000, "ms", 10)


def steady_year() -> Figure:
    """A healthy Pod that is probed every second for a year, beside the same Pod's first minute."""
    probe = {"exec": {"command": ["cat", "/etc/hostname"]}, "periodSeconds": 1}
    requests = [pod("steady", "sleep 1000000000", livenessProbe=probe)]
    minute = min(seconds(lambda: play(Config(DEFAULT_START), requests, MINUTE)) for _ in range(3))
    year = seconds(lambda: play(Config(DEFAULT_START), requests, 365 * 24 * 60 * MINUTE))
    return Figure("a healthy Pod probed for a year : for a minute", year / minute, "times", 3)


def growth() -> Iterator[Figure]:
    """Cost and state of a Pod in a cluster of 10 and one of 20,000."""
    costs, states = {}, {}
    for count in (10, 20_000):
        nodes = tuple(node(number) for number in range(1 + count // 100))
        config = Config(DEFAULT_START, nodes=nodes)
        empty = len(Engine.new(config).save())
        requests = [pod(f"web-{number}", image="nginx") for number in range(count)]
        started = time.perf_counter()
        engine, _ = play(config, requests, 60 * SECOND)
        costs[count] = (time.perf_counter() - started) / count
        states[count] = (len(engine.save()) - empty) / count
    yield Figure("engine state of a live Pod", states[20_000] / 1024, "KiB", 30)
    yield Figure("cost of a Pod among 20,000 : among 10", costs[20_000] / costs[10], "times", 1.5)


def node(number: int) -> dict[str, Any]:
    amounts = {"cpu": "64", "memory": "256Gi", "pods": "110", "ephemeral-storage": "1Ti"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": f"node{number + 1}"},
        "status": {"capacity": amounts, "allocatable": amounts},
    }
