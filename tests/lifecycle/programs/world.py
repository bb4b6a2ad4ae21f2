"""A small world for tests of programs: one node, Pods with one container each, and somebody who is told what happens."""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from lifecycle.clock import SECOND
from lifecycle.kernel import Kernel, KernelState, Reply
from lifecycle.programs import Container, ExecResult, Exit, HTTPGet, HTTPResult, Programs, ProgramsState, Sandbox, WindowSize
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
        self.pods = self.sessions = 0

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
        while self.kernel.fire(at):
            pass
        self.kernel.now = at

    def exec(self, container: str, *command: str, timeout: float | None = None) -> ExecResult:
        """Run a command in a container and return its result, letting as much time pass as that takes (a minute at most)."""
        subject = f"exec-{len(self.listener.told)}-{self.kernel.now}"
        limit = round(timeout * SECOND) if timeout else None
        failure = self.programs.exec(container, command, reply(subject), limit)
        assert failure is None, failure
        return self.wait_for(subject)

    def session(self, container: str, *command: str, tty: bool = False, columns: int = 80) -> Session:
        """Run a command as somebody who sits there does."""
        self.sessions += 1
        failure = self.programs.exec(
            container,
            command,
            reply(f"session-{self.sessions}"),
            session=self.sessions,
            stdin=True,
            tty=WindowSize(24, columns) if tty else None,
        )
        assert failure is None, failure
        return Session(self, container, self.sessions)

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
            self.kernel.fire(due)

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
        other.pods, other.sessions = self.pods, self.sessions
        return other


class Session:
    """Somebody's own command, and what it writes."""

    def __init__(self, world: World, container: str, number: int) -> None:
        self.world, self.container, self.number = world, container, number
        self._seen = 0
        self._written: dict[str, bytes] = {"stdout": b"", "stderr": b""}

    def type(self, text: str | bytes, end: bool = False) -> None:
        data = text.encode() if isinstance(text, str) else text
        self.world.programs.type(self.container, self.number, data, end)
        self.pass_time(0)

    def resize(self, rows: int, columns: int) -> None:
        self.world.programs.resize_terminal(self.container, self.number, WindowSize(rows, columns))

    def pass_time(self, seconds: float) -> None:
        self.world.run(self.world.kernel.now / SECOND + seconds)

    def shown(self) -> str:
        """Return what has been written since this was asked last."""
        new = self._new()
        return b"".join(new.values()).decode()

    @property
    def written(self) -> dict[str, str]:
        """All that it has written, by stream."""
        return {stream: data.decode() for stream, data in self.bytes_written.items()}

    @property
    def bytes_written(self) -> dict[str, bytes]:
        self._new()
        return self._written

    def _new(self) -> dict[str, bytes]:
        outputs, new = self.world.kernel.outputs, {"stdout": b"", "stderr": b""}
        for out in outputs[self._seen :]:
            if isinstance(out, Trace) and out.kind == "session" and out.body["session"] == self.number:
                body = out.body
                new[body["stream"]] += base64.b64decode(body["base64"]) if "base64" in body else body["text"].encode()
        self._seen = len(outputs)
        for stream, data in new.items():
            self._written[stream] += data
        return new

    @property
    def code(self) -> int | None:
        """The exit code; None while it runs."""
        told = self.world.listener.told
        return next((result.code for _, subject, result in told if subject == f"session-{self.number}"), None)

    def saved_and_restored(self) -> Session:
        other = Session(self.world.saved_and_restored(), self.container, self.number)
        other._seen = len(other.world.kernel.outputs)
        return other


def reply(subject: str) -> Reply:
    return Reply("tests", "told", (subject,))
