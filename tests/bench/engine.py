"""The engine alone, on one core: whole lives a second, what a life and a Pod cost.

Time is the processor's, the least of several rounds: what else the machine does has no part in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from lifecycle.clock import MINUTE, SECOND, Micros
from lifecycle.engine import Engine
from lifecycle.wire import DEFAULT_START, Change, Config, Image, Output, Request
from podhub.cli.requests import read_images, read_requests
from tests.bench.figure import Figure

RECORDINGS = Path(__file__).resolve().parents[1] / "data" / "recordings"

Timed = tuple[Micros, Request]


def recorded() -> tuple[list[list[Timed]], dict[str, Image]]:
    """Return the requests of every recorded case (moments from 0) and all images that they pull."""
    cases: list[list[Timed]] = []
    images: dict[str, Image] = {}
    for path in sorted(RECORDINGS.glob("*/requests.yaml")):
        cases.append([(timed.after, timed.request) for timed in read_requests(str(path))])
        images |= read_images(str(path.with_name("images.yaml")))
    return cases, images


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


def seconds(run: Callable[[], object]) -> float:
    started = time.process_time()
    run()
    return time.process_time() - started


def figures() -> Iterator[Figure]:
    yield whole_lives()
    yield crash_loop()
    yield steady_year()
    yield from growth()


def whole_lives() -> Figure:
    """Every recorded case in a cluster of its own, which is made for it, for ten minutes."""
    cases, images = recorded()
    spent, played = [], 0
    for _ in range(5):
        begun, played = time.process_time(), 0
        for case in cases:
            config = Config(DEFAULT_START, images=images, namespaces=namespaces(case))
            played += lives(play(config, case, 10 * MINUTE)[1])
        spent.append(time.process_time() - begun)
    return Figure("whole lives, a mix like the recordings", played / min(spent), "a s", 300, at_least=True)


def namespaces(requests: list[Timed]) -> tuple[str, ...]:
    return tuple({asked.namespace for _, asked in requests if asked.namespace})


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
        started = time.process_time()
        engine, _ = play(config, requests, 60 * SECOND)
        costs[count] = (time.process_time() - started) / count
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
