"""The engine alone, on one core: whole lives a second, what a life and a Pod cost.

Time is the processor's, the least of several rounds: what else the machine does has no part in it.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from lifecycle.clock import MINUTE, SECOND, Micros
from lifecycle.engine import Engine
from lifecycle.wire import DEFAULT_START, Change, Config, Image, Request
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


MOST = 500
"""Outputs that are taken from an engine at a time, as the driver takes them: nobody keeps all of a large cluster's."""


def play(config: Config, requests: list[Timed], until: Micros) -> tuple[Engine, int]:
    """Play requests to a moment, with every output encoded as a reader would get it; return how many Pods there were too."""
    engine, encode, pods = Engine.new(config), msgspec.json.Encoder().encode, 0
    for at, asked in [*requests, (until, None)]:
        if asked is not None:
            engine.request(config.start + at, asked)
        goes_on = True
        while goes_on:
            for output in engine.advance(config.start + at, MOST):
                encode(output)
                pods += isinstance(output, Change) and output.type == "ADDED" and output.object["kind"] == "Pod"
            goes_on = engine.now < config.start + at
    return engine, pods


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
    yield unready_year()
    yield from growth()


def whole_lives() -> Figure:
    """Every recorded case in a cluster of its own, which is made for it, for ten minutes."""
    cases, images = recorded()
    spent, played = [], 0
    for _ in range(10):
        begun, played = time.process_time(), 0
        for case in cases:
            config = Config(DEFAULT_START, images=images, namespaces=namespaces(case))
            played += play(config, case, 10 * MINUTE)[1]
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


def unready_year() -> Figure:
    """A Pod whose readiness, probed every second, fails for a year.

    Its kubelet asks anew once a minute or so and tells of it every five minutes, all of which the log holds: half a million
    entries, beside 31 million attempts.
    """
    probe = {"exec": {"command": ["cat", "/nowhere"]}, "periodSeconds": 1}
    requests = [pod("unready", "sleep 1000000000", readinessProbe=probe)]
    play(Config(DEFAULT_START), requests, MINUTE)
    begun = time.process_time()
    engine, _ = play(Config(DEFAULT_START), requests, 365 * 24 * 60 * MINUTE)
    spent = time.process_time() - begun
    return Figure("an entry of a Pod whose readiness fails for a year", spent / engine.index * 1e6, "us", 100, cpu=spent)


SMALL, LARGE = 10, 20_000

TIMES = 100
"""How many small clusters are played before the large one, and after it again, for one alone is over in a few milliseconds."""


def growth() -> Iterator[Figure]:
    """Cost and state of a Pod in a cluster of 10 and one of 20,000."""
    crowd(SMALL)
    before = [crowd(SMALL).cost for _ in range(TIMES)]
    large = crowd(LARGE)
    small = (sum(before) + sum(crowd(SMALL).cost for _ in range(TIMES))) / TIMES / 2
    yield Figure("engine state of a live Pod", large.state / 1024, "KiB", 30)
    yield Figure(f"cost of a Pod among {LARGE:,} : among {SMALL}", large.cost / small, "times", 1.5, cpu=large.cost * LARGE)


class Crowd(NamedTuple):
    """What a Pod of a cluster costs: seconds of the processor, and bytes of saved state."""

    cost: float
    state: float


def crowd(count: int) -> Crowd:
    """Play the first minute of so many Pods that come at once."""
    config = Config(DEFAULT_START, nodes=tuple(node(number) for number in range(1 + count // 100)))
    requests = [pod(f"web-{number}", image="nginx") for number in range(count)]
    gc.collect()
    started = time.process_time()
    engine, _ = play(config, requests, 60 * SECOND)
    cost = (time.process_time() - started) / count
    return Crowd(cost, (len(engine.save()) - len(Engine.new(config).save())) / count if count == LARGE else 0)


def node(number: int) -> dict[str, Any]:
    amounts = {"cpu": "64", "memory": "256Gi", "pods": "110", "ephemeral-storage": "1Ti"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": f"node{number + 1}"},
        "status": {"capacity": amounts, "allocatable": amounts},
    }
