"""A small world for tests of programs: one node, Pods with one container each, and somebody who is told what happens."""

from __future__ import annotations

from typing import Any

import msgspec

from lifecycle.clock import SECOND
from lifecycle.kernel import Kernel, KernelState, Reply
from lifecycle.programs import Container, ExecResult, Exit, HTTPGet, HTTPResult, Programs, ProgramsState, Sandbox
from lifecycle.wire import Config, Trace


class Listener:
    """The room that is told: (moment in seconds, subject, result)."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.told: list[tuple[float, str, Any]] = []

    def on_told(self, subject: str, result: Any) -> None:
        self.told.append((self.kernel.now / SECOND, subject, result))


class World:
    """A kernel with the programs room in it. Times are seconds from the start."""

    def __init__(self) -> None:
        self.kernel = Kernel(KernelState(Config(start=0, seed=7), 0))
        self.programs = Programs(self.kernel)
        self.listener = Listener(self.kernel)
        self.kernel.rooms = {"programs": self.programs, "tests": self.listener}
        self.pods = 0

    def pod(self, name: str = "pod", namespace: str = "default", ip: str = "", **more: Any) -> str:
        self.pods += 1
        self.programs.add_sandbox(
            Sandbox(name, namespace, name, f"uid-{name}", "node1", ip or f"10.244.0.{4 + self.pods}", name, **more)
        )
        return name

    def container(self, image: str, *command: str, pod: str = "pod", name: str = "app", **more: Any) -> str:
        """Create and start a container; return its id."""
        if pod not in self.programs.state.sandboxes:
            self.pod(pod)
        container = Container(f"{pod}/{name}", pod, name, image, reply(f"{pod}/{name}"), command=command, **more)
        assert self.programs.create(container) is None
        assert self.programs.start(container.id) is None
        return container.id

    def nginx(self, **more: Any) -> str:
        """Create and start an nginx, and wait until it listens."""
        container = self.container("nginx", **more)
        self.run(self.kernel.now / SECOND + 0.01)
        return container

    def script(self, text: str, image: str = "busybox", **more: Any) -> str:
        return self.container(image, "sh", "-c", text, **more)

    def run(self, until: float) -> None:
        """Let time pass up to a moment."""
        at = round(until * SECOND)
        while (due := self.kernel.agenda.next_at()) is not None and due <= at:
            self.kernel.fire()
        self.kernel.now = at

    def exec(self, container: str, *command: str, timeout: float | None = None) -> ExecResult:
        """Run a command in a container and return its result, letting as much time pass as that takes (a minute at most)."""
        subject = f"exec-{len(self.listener.told)}-{self.kernel.now}"
        limit = round(timeout * SECOND) if timeout else None
        failure = self.programs.exec(container, command, reply(subject), limit)
        assert failure is None, failure
        return self.wait_for(subject)

    def get(self, path: str = "/", port: int = 80, host: str = "10.244.0.5", timeout: float = 1) -> HTTPResult:
        subject = f"http-{len(self.listener.told)}-{self.kernel.now}"
        self.programs.http(HTTPGet("node1", host, port, path, timeout=round(timeout * SECOND)), reply(subject))
        return self.wait_for(subject)

    def wait_for(self, subject: str) -> Any:
        limit = self.kernel.now + 60 * SECOND
        while True:
            for _, told, result in self.listener.told:
                if told == subject:
                    return result
            due = self.kernel.agenda.next_at()
            assert due is not None, f"{subject} is never told"
            assert due <= limit, f"{subject} takes more than a minute"
            self.kernel.fire()

    def exit_of(self, container: str = "pod/app") -> tuple[float, Exit] | None:
        return next(((at, result) for at, told, result in self.listener.told if told == container), None)

    def output(self, kind: str = "output") -> str:
        """Return what all containers have put out."""
        return "".join(out.body["text"] for out in self.kernel.outputs if isinstance(out, Trace) and out.kind == kind)

    def traces(self, kind: str) -> list[dict[str, Any]]:
        return [out.body for out in self.kernel.outputs if isinstance(out, Trace) and out.kind == kind]

    def saved_and_restored(self) -> World:
        """Return the same world after everything went through bytes."""
        state = msgspec.msgpack.decode(msgspec.msgpack.encode(self.programs.state), type=ProgramsState)
        kernel = msgspec.msgpack.decode(msgspec.msgpack.encode(self.kernel.save()), type=KernelState)
        other = World.__new__(World)
        other.kernel = Kernel(kernel)
        other.programs = Programs(other.kernel, state)
        other.listener = Listener(other.kernel)
        other.listener.told = list(self.listener.told)
        other.kernel.rooms = {"programs": other.programs, "tests": other.listener}
        other.pods = self.pods
        return other


def reply(subject: str) -> Reply:
    return Reply("tests", "told", (subject,))
