"""A programs room for tests of the kubelet: containers do what a test says, nothing is interpreted."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from lifecycle import programs
from lifecycle.clock import SECOND, Micros
from lifecycle.kernel import Kernel, Reply


class Behavior(msgspec.Struct, frozen=True):
    """What a container does. Times are seconds after its start.

    `exits` is (when, code), `term` how SIGTERM is taken: a code and the seconds until then, or None where it is ignored.
    `answers` maps a probe's or hook's words to (from when on, what it comes to); the last one that has begun counts. An answer
    is an exit code, an HTTP status, or 0 for a connection that is refused. `writes` are bytes in the writable layer,
    `memory` what it holds.
    """

    exits: tuple[float, int] | None = None
    term: tuple[float, int] | None = (0.0, 0)
    answers: dict[str, tuple[tuple[float, int], ...]] = {}
    cannot_start: str = ""
    hook_takes: float = 0.0
    reason: str = ""
    message: str = ""
    writes: int = 0
    memory: int = 0


class Process(msgspec.Struct):
    container: programs.Container
    started: Micros = -1
    ended: bool = False


class FakeState(msgspec.Struct):
    processes: dict[str, Process] = {}
    versions: dict[str, int] = {}
    watchers: dict[str, list[Reply]] = {}
    usage_watchers: dict[str, Reply] = {}


class FakePrograms:
    """The room `programs`."""

    def __init__(self, kernel: Kernel, state: FakeState | None = None) -> None:
        self.kernel = kernel
        self.state = state or FakeState()
        self.network = programs.Network(programs.NetworkState())
        self.volumes: dict[str, dict[str, bytes]] = {}
        self.usage_of_volumes = 0
        self.node_paths: dict[str, str] = {}
        self.behave: Callable[[programs.Container], Behavior] = lambda container: Behavior()

    def behavior(self, container_id: str) -> Behavior:
        return self.behave(self.state.processes[container_id].container)

    def add_sandbox(self, sandbox: programs.Sandbox) -> None:
        self.state.versions[sandbox.id] = 0

    def remove_sandbox(self, sandbox_id: str) -> None:
        self.state.versions.pop(sandbox_id, None)

    def set_volume(
        self, key: str, files: Mapping[str, bytes] | None = None, mode: int = 0, modes: object = None, root: int = 0
    ) -> None:
        self.volumes[key] = dict(files or {})

    def set_volume_size(self, key: str, size: int) -> None:
        pass

    def hand_over(self, key: str, group: int, read_only: bool = False, on_root_mismatch: bool = False) -> None:
        pass

    def set_image_volume(self, key: str, image: str) -> bool:
        return False

    def has_room_for(self, key: str, path: str) -> bool:
        return True

    def pin_volume(self, key: str, path: str, pinned: str) -> None:
        self.volumes[pinned] = {name: content for name, content in self.volumes[key].items() if name.startswith(path)}

    def remove_volume(self, key: str) -> None:
        pass

    def volume_usage(self, key: str) -> int:
        return self.usage_of_volumes

    def node_path(self, node: str, path: str) -> str | None:
        return self.node_paths.get(path)

    def make_node_path(self, node: str, path: str, kind: str = "Directory") -> None:
        self.node_paths[path] = kind

    def set_node_memory(self, node: str, size: int, system: int, reply: Reply) -> None:
        pass

    def when_usage_grows(self, node: str, reply: Reply, memory: int, disk: int, always: bool = False) -> None:
        self.state.usage_watchers[node] = reply

    def usage_changed(self, node: str, memory: int = 0, disk: int = 0) -> None:
        """Tell the kubelet that something holds more or less than before."""
        if reply := self.state.usage_watchers.pop(node, None):
            self.kernel.tell(reply, 0)

    def image(self, image: str) -> programs.ImageConfig:
        return programs.ImageConfig(image)

    def create(self, container: programs.Container) -> str | None:
        self.state.processes[container.id] = Process(container)
        return None

    def misfit(self, container_id: str) -> int | None:
        return None

    def start(self, container_id: str) -> programs.StartFailure | None:
        process, behavior = self.state.processes[container_id], self.behavior(container_id)
        if behavior.cannot_start:
            return programs.StartFailure(behavior.cannot_start)
        process.started = self.kernel.now
        if behavior.writes or behavior.memory:
            self.usage_changed("node1")
        self._changed(process)
        if behavior.exits:
            after, code = behavior.exits
            self.kernel.after(round(after * SECOND), "programs", "exit", container_id, code)
        for answers in behavior.answers.values():
            for since, _ in answers:
                self.kernel.after(round(since * SECOND), "programs", "change", container_id)
        return None

    def on_change(self, container_id: str) -> None:
        if process := self.state.processes.get(container_id):
            self._changed(process)

    def on_exit(self, container_id: str, code: int) -> None:
        process = self.state.processes.get(container_id)
        if process is None or process.ended or process.started < 0:
            return
        process.ended = True
        self._changed(process)
        reason = self.behavior(container_id).reason or ("Error" if code else "Completed")
        self.kernel.tell(process.container.exited, programs.Exit(container_id, code, None, reason))

    def signal(self, container_id: str, signal: str) -> None:
        term = self.behavior(container_id).term
        if term:
            self.kernel.after(round(term[0] * SECOND), "programs", "exit", container_id, term[1])

    def kill(self, container_id: str) -> None:
        self.on_exit(container_id, 137)

    def lose(self, container_id: str) -> None:
        self.state.processes[container_id].ended = True

    def oom_kill(self, container_id: str) -> None:
        self.on_exit(container_id, 137)

    def exit(self, container_id: str, code: int) -> None:
        self.on_exit(container_id, code)

    def resize_sandbox(self, sandbox_id: str, memory: int | None) -> None:
        pass

    def resize(self, container_id: str, memory: int | None) -> None:
        pass

    def remove(self, container_id: str) -> None:
        self.state.processes.pop(container_id, None)

    def exec(
        self, container_id: str, command: tuple[str, ...], reply: Reply, timeout: Micros | None = None
    ) -> programs.ExecFailure | None:
        code = self._answer(container_id, " ".join(command), 0)
        takes = round(self.behavior(container_id).hook_takes * SECOND)
        if timeout is not None and takes > timeout:
            self._reply(timeout, reply, "timeout", 0)
        else:
            self._reply(takes, reply, "exec", code)
        return None

    def runs(self, container_id: str) -> bool:
        process = self.state.processes.get(container_id)
        return process is not None and not process.ended

    def repeat(self, container_id: str, key: str, attempts: programs.Attempts | None) -> None:
        pass

    def http(self, request: programs.HTTPGet, reply: Reply) -> None:
        status = self._answer_at(request.host, str(request.port), 200)
        self._reply(0, reply, "http", status)

    def connect(self, request: programs.TCPConnect, reply: Reply) -> None:
        self._reply(0, reply, "connect", self._answer_at(request.host, str(request.port), 1))

    def grpc(self, request: programs.GRPCCheck, reply: Reply) -> None:
        self._reply(0, reply, "grpc", self._answer_at(request.host, str(request.port), 1))

    def read_file(self, container_id: str, path: str) -> bytes | None:
        return self.behavior(container_id).message.encode() or None

    def logs(self, container_id: str) -> list[programs.LogLine]:
        return []

    def usage(self, container_id: str) -> programs.Usage:
        behavior = self.behavior(container_id)
        return programs.Usage(behavior.memory, behavior.writes, 0)

    def version(self, sandbox_id: str) -> int:
        return self.state.versions.get(sandbox_id, 0)

    def when_changed(self, sandbox_id: str, reply: Reply) -> None:
        self.state.watchers.setdefault(sandbox_id, []).append(reply)

    def on_answer(self, room: str, what: str, kind: str, value: int, *subject: str | int) -> None:
        results = {
            "exec": programs.ExecResult(value, "", "", steady=True),
            "timeout": programs.ExecResult(0, "", "", timed_out=True),
            "http": programs.HTTPResult(status=value, steady=True, error="" if value else 'Get "http://x": refused'),
            "connect": programs.ConnectResult("" if value else "dial tcp: connect: connection refused", steady=True),
            "grpc": programs.GRPCResult(status="SERVING" if value else "NOT_SERVING", steady=True),
        }
        self.kernel.tell(Reply(room, what, subject), results[kind])

    def _reply(self, takes: Micros, reply: Reply, kind: str, value: int) -> None:
        self.kernel.after(takes, "programs", "answer", reply.room, reply.what, kind, value, *reply.subject)

    def _answer(self, container_id: str, question: str, default: int) -> int:
        process = self.state.processes[container_id]
        begun = [
            value
            for since, value in self.behavior(container_id).answers.get(question, ())
            if self.kernel.now - process.started >= since * SECOND
        ]
        return begun[-1] if begun else default

    def _answer_at(self, host: str, question: str, default: int) -> int:
        for container_id, process in self.state.processes.items():
            if not process.ended and question in self.behavior(container_id).answers:
                return self._answer(container_id, question, default)
        return default if any(not p.ended for p in self.state.processes.values()) else 0

    def _changed(self, process: Process) -> None:
        sandbox = process.container.sandbox
        self.state.versions[sandbox] = self.state.versions.get(sandbox, 0) + 1
        for reply in self.state.watchers.pop(sandbox, []):
            self.kernel.after(0, reply.room, reply.what, *reply.subject, self.state.versions[sandbox])
