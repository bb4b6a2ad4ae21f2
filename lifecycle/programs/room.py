"""The room: sandboxes, containers, their processes, and what the kubelet asks of them."""

from __future__ import annotations

import msgspec

from lifecycle.clock import Micros
from lifecycle.kernel import Kernel, Reply
from lifecycle.programs import asks, cgroups, peers, pid_namespaces, proc, sessions, starting
from lifecycle.programs.exchange import ADDRESSES, SERVICES, Reached, node_ports
from lifecycle.programs.files import Tree
from lifecycle.programs.forwarding import Forwarding
from lifecycle.programs.images import catalogue
from lifecycle.programs.interface import (
    STOPPED,
    Attempts,
    ConnectResult,
    Container,
    ExecFailure,
    ExecResult,
    Exit,
    GRPCCheck,
    GRPCResult,
    HTTPGet,
    HTTPResult,
    ImageConfig,
    LogLine,
    Sandbox,
    StartFailure,
    SystemOOM,
    TCPConnect,
    Usage,
    WindowSize,
)
from lifecycle.programs.machine import BASE_MEMORY, Machine
from lifecycle.programs.network import CutFault, Network, NetworkState, PortFault
from lifecycle.programs.node_memory import Memory, NodeMemory
from lifecycle.programs.paths import join
from lifecycle.programs.running import Running
from lifecycle.programs.signals import NUMBERS
from lifecycle.programs.state import Connection, ContainerState, Listener, PidNamespace, Process, SandboxState
from lifecycle.programs.view import View
from lifecycle.programs.volumes import Volumes

Result = Exit | ExecResult | HTTPResult | ConnectResult | GRPCResult | SystemOOM


class Answer(msgspec.Struct):
    """A reply that is still to be told. `version` is told where there is no result."""

    reply: Reply
    result: Result | None = None
    version: int = 0


class UsageWatcher(msgspec.Struct, array_like=True):
    """Who is told once what a node holds has grown by more than so many bytes of memory or disk; `always`: at any change."""

    reply: Reply
    memory: int
    disk: int
    always: bool


class Watched(msgspec.Struct, array_like=True):
    """Something outside of all sandboxes, how often it has changed, and who waits for the next time."""

    version: int = 0
    waiting: list[Reply] = []


class ProgramsState(msgspec.Struct):
    """The whole memory of the room. `answers` wait for their moment; timers name them by number. `memory` is by node."""

    network: NetworkState = msgspec.field(default_factory=NetworkState)
    sandboxes: dict[str, SandboxState] = {}
    containers: dict[str, ContainerState] = {}
    volumes: dict[str, Tree] = {}
    node_ports: dict[str, dict[int, Listener]] = {}
    memory: dict[str, Memory] = {}
    usage_watchers: dict[str, UsageWatcher] = {}
    pid_namespaces: dict[str, PidNamespace] = {}
    answers: dict[int, Answer] = {}
    answered: int = 0
    connections: int = 0
    execs: int = 0
    forwarded: dict[int, Connection] = {}
    watched: dict[str, Watched] = {}


class Programs(Volumes, Running):
    """What the kubelet's runtime sees of programs.

    No reply is told inside the call that asked for it: each comes from the agenda, at the same instant at the earliest. The
    room puts out the traces `output`, `exit`, `assumption` and `limit` itself.
    """

    def __init__(self, kernel: Kernel, state: ProgramsState | None = None) -> None:
        self.kernel = kernel
        self.state = state or ProgramsState()
        self.network = Network(self.state.network)
        self.network.changed = lambda: self.bump(SERVICES)
        self.node_memory = NodeMemory(self)
        self.forwarding = Forwarding(self)
        self.on_answered, self.on_turn = self.forwarding.on_answered, self.forwarding.on_turn
        self.on_hung_up, self.on_not_connected = self.forwarding.on_hung_up, self.forwarding.on_not_connected
        self.passing = 0
        """How many servers a request that is being answered has been passed on by."""
        self._views: dict[str, View] = {}
        self._machines: dict[str, Machine] = {}
        self._by_ip: dict[str, list[str]] = {}
        for sandbox in self.state.sandboxes.values():
            self._by_ip.setdefault(sandbox.spec.ip, []).append(sandbox.spec.id)

    # ── sandboxes and nodes ────────────────────────────────────────────────────────────────────────────────────────

    def add_sandbox(self, sandbox: Sandbox) -> None:
        self.state.sandboxes[sandbox.id] = SandboxState(sandbox)
        self._by_ip.setdefault(sandbox.ip, []).append(sandbox.id)
        self.bump(ADDRESSES)

    def remove_sandbox(self, sandbox_id: str) -> None:
        """Forget a sandbox and its containers."""
        sandbox = self.state.sandboxes.get(sandbox_id)
        if sandbox is None:
            return
        for container_id in list(sandbox.containers):
            self.remove(container_id)
        self.forwarding.close_sandbox(sandbox_id)
        for key in sandbox.volumes:
            tree = self.state.volumes.get(key)
            if tree and sandbox_id in tree.users:
                tree.users.remove(sandbox_id)
        self.state.pid_namespaces.pop(sandbox_id, None)
        del self.state.sandboxes[sandbox_id]
        there = self._by_ip[sandbox.spec.ip]
        there.remove(sandbox_id)
        if not there:
            del self._by_ip[sandbox.spec.ip]
        self._tell_waiting(sandbox)
        self.bump(ADDRESSES)

    def sandbox_at(self, ip: str) -> SandboxState | None:
        """Return whose address this is: of those that had it the newest Pod, or a node by the oldest that uses its network."""
        there = self._by_ip.get(ip)
        if there is None:
            return None
        newest = self.state.sandboxes[there[-1]]
        return self.state.sandboxes[there[0]] if newest.spec.host_network else newest

    def set_node_memory(self, node: str, size: int, system: int, reply: Reply) -> None:
        """Say how much memory a node has, and what of it is taken outside of containers (bytes).

        `reply` is told a SystemOOM whenever the kernel kills a container because the node has no more.
        """
        self.node_memory.set(node, size, system, reply)

    def image(self, image: str) -> ImageConfig:
        """Return what the catalogue knows of an image, whatever its registry prefix and tag."""
        return catalogue.config(image)

    def set_fault(self, key: str, fault: PortFault | CutFault) -> None:
        """Let a Fault of the network hold until `remove_fault(key)`."""
        if isinstance(fault, PortFault):
            self.network.set_port_fault(key, fault)
        else:
            self.network.set_cut_fault(key, fault)
        self._faulted(fault)

    def remove_fault(self, key: str) -> None:
        fault = self.network.state.port_faults.get(key) or self.network.state.cut_faults.get(key)
        self.network.remove_fault(key)
        if fault is not None:
            self._faulted(fault)

    def _faulted(self, fault: PortFault | CutFault) -> None:
        for key, sandbox in self.state.sandboxes.items():
            if sandbox.spec.namespace == fault.namespace and fault.pod in (sandbox.spec.pod, "*"):
                self.bump(key)

    # ── containers ───────────────────────────────────────────────────────────────────────────────────────────────────

    def create(self, container: Container) -> str | None:
        """Create a container; a text says why it cannot be."""
        state = ContainerState(container, catalogue.key(container.image), Tree(), container.memory)
        self.state.containers[container.id] = state
        sandbox = self.state.sandboxes[container.sandbox]
        sandbox.containers.append(container.id)
        for mount in container.mounts:
            tree = self.volume(mount.volume)
            if container.sandbox not in tree.users:
                tree.users.append(container.sandbox)
                sandbox.volumes.append(mount.volume)
        error = starting.prepare(self, state)
        if error:
            self.remove(container.id)
        return error

    def start(self, container_id: str) -> StartFailure | None:
        """Start process 1. Its end comes as `Container.exited`."""
        machine = self.machine(container_id)
        error = starting.start(machine)
        if error:
            return StartFailure(error)
        machine.state.running = True
        machine.changed(None)
        machine.run()
        return None

    def signal(self, container_id: str, signal: str) -> None:
        """Send a signal to process 1, with the kernel's rules: none of process 1's own has a default action."""
        machine = self._running(container_id)
        if machine is None:
            return
        name = signal if signal.startswith("SIG") else f"SIG{signal}"
        if name in NUMBERS:
            machine.state.budget.grant(self.kernel.now)
            machine.signal(machine.first, name) if name != "SIGKILL" else self.kill(container_id)
            machine.run()

    def kill(self, container_id: str) -> None:
        """Send SIGKILL to all of it; the exit is told at this instant."""
        machine = self._running(container_id)
        if machine is not None:
            machine.end(machine.first, 137, "SIGKILL")

    def oom_kill(self, container_id: str) -> None:
        """Kill process 1 as the kernel does when the memory limit is met."""
        machine = self._running(container_id)
        if machine is not None:
            machine.oom()

    def lose(self, container_id: str) -> None:
        """End a container with the machine that it runs on; nobody is left who could be told."""
        machine = self._running(container_id)
        if machine is not None:
            machine.state.lost = True
            machine.end(machine.first, 255)

    def exit(self, container_id: str, code: int) -> None:
        """Have process 1 exit with a code (a Fault)."""
        machine = self._running(container_id)
        if machine is not None:
            machine.end(machine.first, code)

    def _running(self, container_id: str) -> Machine | None:
        if not self.runs(container_id):
            return None
        machine = self.machine(container_id)
        if machine.sandbox.slow:
            self.rouse(machine)
        return machine

    def resize_sandbox(self, sandbox_id: str, memory: int | None) -> None:
        """Set the memory limit (bytes; None: none) that a Pod's containers have together."""
        sandbox = self.state.sandboxes[sandbox_id]
        sandbox.spec = msgspec.structs.replace(sandbox.spec, memory=memory)

    def resize(self, container_id: str, memory: int | None) -> None:
        """Set a running container's memory limit (bytes; None: none)."""
        machine = self._running(container_id)
        if machine is None:
            return
        machine.state.memory = memory
        if memory is not None and machine.memory() > memory:
            machine.oom()
            return
        first = machine.first
        if first.program == "behavior" and first.waiting:
            machine.ready(first)
            machine.run()

    def remove(self, container_id: str) -> None:
        """Remove a container and its writable layer; one that runs is killed, and nobody is told."""
        state = self.state.containers.get(container_id)
        if state is None:
            return
        for process in state.processes.values():
            self.kernel.cancel(process.timer)
            if process.memory:
                self.machine(container_id).hold(process, -process.memory)
            self.forwarding.close_process(container_id, process.pid)
        for asked in state.execs.values():
            self.kernel.cancel(asked.deadline)
        sandbox = self.state.sandboxes.get(state.spec.sandbox)
        if sandbox:
            for ports in (self.ports(sandbox), sandbox.udp_ports):
                for port in [port for port, one in ports.items() if one.container == container_id]:
                    del ports[port]
            sandbox.containers.remove(container_id)
            sandbox.slow = {key: one for key, one in sandbox.slow.items() if not key.startswith(container_id)}
            self.bump(state.spec.sandbox)
        del self.state.containers[container_id]
        self._machines.pop(container_id, None)
        self._views.pop(container_id, None)

    # ── what the kubelet asks ────────────────────────────────────────────────────────────────────────────────────────

    def exec(
        self,
        container_id: str,
        command: tuple[str, ...],
        reply: Reply,
        timeout: Micros | None = None,
        session: int = 0,
        stdin: bool = False,
        tty: WindowSize | None = None,
    ) -> ExecFailure | None:
        """Run a command in a container; `reply` is told an ExecResult.

        What a command with a `session` writes is put out as it comes, as traces `session`; with `stdin` it reads what
        `type` gives it, with `tty` from a terminal of that size.
        """
        machine = self._running(container_id)
        if machine is None:
            return ExecFailure(STOPPED, False)
        return sessions.begin(self, machine, command, reply, timeout, session, stdin, tty)

    def repeat(self, container_id: str, key: str, attempts: Attempts | None) -> None:
        """Have a command taken for tried, and not run, from now on; None: no more."""
        if container_id in self.state.containers:
            machine, name = self.machine(container_id), f"{container_id}/{key}"
            pid_namespaces.repeat(machine, name, attempts)
            machine.sandbox.slow.pop(name, None)
            if attempts and attempts.takes:
                machine.sandbox.slow[name] = attempts

    def rouse(self, machine: Machine) -> None:
        """Have commands that are under way, and were not run, be run after all before anything else happens."""
        reply = next((one.reply for one in machine.sandbox.slow.values() if one.alive(self.kernel.now)), None)
        if reply:
            queue, machine.queue = machine.queue, []
            self.kernel.tell(reply, None)
            machine.queue = queue

    def runs(self, container_id: str) -> bool:
        """Say whether a container's first process is there."""
        state = self.state.containers.get(container_id)
        return state is not None and state.first in state.processes

    def attach(self, container_id: str, session: int, stdin: bool = False) -> bool:
        """Have somebody see what a container's first process writes, as traces `session`; False where none runs."""
        machine = self._running(container_id)
        if machine is not None:
            machine.state.attached[session] = stdin
        return machine is not None

    def detach(self, container_id: str, session: int) -> None:
        """Show no more to somebody who has gone."""
        machine = self._running(container_id)
        if machine is not None:
            machine.state.attached.pop(session, None)

    def type(self, container_id: str, session: int, data: bytes, end: bool) -> bool:
        """Give a command what somebody types, and with `end` nothing more; False where it reads no more.

        A session of `attach` (or 0) is the container's own first process.
        """
        machine = self._running(container_id)
        return machine is not None and sessions.type_into(machine, session, data, end)

    def resize_terminal(self, container_id: str, session: int, size: WindowSize) -> None:
        """Say how large the window is that a session's terminal is shown in."""
        machine = self._running(container_id)
        if machine is not None:
            sessions.resize(machine, session, size)

    def exec_ended(self, machine: Machine, process: Process, timed_out: bool = False) -> None:
        sessions.ended(self, machine, process, timed_out)

    def on_exec_deadline(self, container_id: str, number: int) -> None:
        state = self.state.containers.get(container_id)
        asked = state.execs.get(number) if state else None
        if asked is None:
            return
        asked.deadline = None
        machine = self.machine(container_id)
        process = machine.state.processes.get(asked.pid)
        if process is None:
            return
        process.code = 137
        self.exec_ended(machine, process, True)
        process.code = None
        machine.end(process, 137, "SIGKILL")
        machine.run()

    def http(self, request: HTTPGet, reply: Reply) -> None:
        """`reply` is told an HTTPResult."""
        asks.http(self, request, reply)

    def round_trip(self, request: HTTPGet, reply: Reply) -> None:
        """`reply` is told an HTTPResult; its error is that of the connection alone."""
        asks.round_trip(self, request, reply)

    def connect(self, request: TCPConnect, reply: Reply) -> None:
        """`reply` is told a ConnectResult."""
        asks.connect(self, request, reply)

    def grpc(self, request: GRPCCheck, reply: Reply) -> None:
        """`reply` is told a GRPCResult."""
        asks.grpc(self, request, reply)

    def read_file(self, container_id: str, path: str) -> bytes | None:
        """Return a file's content as the container sees it (1 MiB at most), also after its end; None where there is none."""
        state = self.state.containers.get(container_id)
        if state is None:
            return None
        node = self.view(state).get(join("/", path))
        if node is None or node.kind != "f":
            return None
        return (node.text + "\0" * min(node.zeros, 1 << 20))[: 1 << 20].encode("latin-1", "replace")

    def logs(self, container_id: str) -> list[LogLine]:
        """Return what the container has put out: the last 1 MiB at most."""
        state = self.state.containers.get(container_id)
        return list(state.logs) if state else []

    def usage(self, container_id: str) -> Usage:
        state = self.state.containers[container_id]
        memory = sum([one.memory + BASE_MEMORY for one in state.processes.values() if one.code is None])
        return Usage(memory + state.tmpfs, state.layer.bytes, state.log_bytes, state.tmpfs)

    def when_usage_grows(self, node: str, reply: Reply, memory: int, disk: int, always: bool = False) -> None:
        """Tell `reply`, once, when a node holds more than so many bytes of memory or of disk beyond what it holds now.

        `always`: at the next change, whatever it is. Not counted are processes' own few bytes, and the files that a container
        begins with.
        """
        self.state.usage_watchers[node] = UsageWatcher(reply, memory, disk, always)

    def usage_changed(self, node: str, memory: int = 0, disk: int = 0) -> None:
        """Count what a node holds more (or less) than before, in bytes."""
        watcher = self.state.usage_watchers.get(node)
        if watcher is None:
            return
        watcher.memory -= memory
        watcher.disk -= disk
        if watcher.always or watcher.memory < 0 or watcher.disk < 0:
            del self.state.usage_watchers[node]
            self.answer(watcher.reply, None)

    # ── changes ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def version(self, name: str) -> int:
        """Return a number that grows whenever something that a probe could see has changed in a sandbox, or elsewhere."""
        found = self.state.sandboxes.get(name) or self.state.watched.get(name)
        return found.version if found else 0

    def looked(self, reached: Reached) -> dict[str, int]:
        """Return the versions of what decides where a connection comes to."""
        return {name: self.version(name) for name in reached.looked}

    def when_changed(self, name: str, reply: Reply) -> None:
        """Tell `reply` the new version, once, at the next such change."""
        found = self.state.sandboxes.get(name) or self.state.watched.setdefault(name, Watched())
        found.waiting.append(reply)

    def bump(self, name: str) -> None:
        """Count a change in a sandbox, or elsewhere, and tell those who wait for one."""
        found = self.state.sandboxes.get(name) or self.state.watched.setdefault(name, Watched())
        found.version += 1
        if found.waiting:
            self._tell_waiting(found)

    def _tell_waiting(self, found: SandboxState | Watched) -> None:
        waiting, found.waiting = found.waiting, []
        for reply in waiting:
            self.answer(reply, None, version=found.version)

    def answer(self, reply: Reply, result: Result | None, delay: Micros = 0, version: int = 0) -> None:
        """Tell a reply its result after a while, never at once."""
        self.state.answered += 1
        self.state.answers[self.state.answered] = Answer(reply, result, version)
        self.kernel.after(delay, "programs", "answer", self.state.answered)

    def on_answer(self, number: int) -> None:
        answer = self.state.answers.pop(number)
        self.kernel.tell(answer.reply, answer.version if answer.result is None else answer.result)

    # ── what machines ask of the room ────────────────────────────────────────────────────────────────────────────────

    def machine(self, container_id: str) -> Machine:
        found = self._machines.get(container_id)
        if found is None:
            found = self._machines[container_id] = Machine(self, self.state.containers[container_id])
        return found

    def view(self, state: ContainerState) -> View:
        found = self._views.get(state.spec.id)
        if found is None:
            mounts = [
                (join("/", one.path), one.volume, join("/", one.sub_path) if one.sub_path else "", one.read_only)
                for one in state.spec.mounts
            ]
            image = catalogue.files(state.spec.image)
            found = self._views[state.spec.id] = View(image, state.layer, mounts, self.state.volumes, state.spec.read_only)
            found.groups = (state.spec.group, *state.spec.groups)
        return found

    def ports(self, sandbox: SandboxState) -> dict[int, Listener]:
        if sandbox.spec.host_network:
            return self.state.node_ports.setdefault(sandbox.spec.node, {})
        return sandbox.ports

    def ports_changed(self, sandbox: SandboxState) -> None:
        """Say that ports were opened or closed; those of a node are everybody's who uses its network."""
        if sandbox.spec.host_network:
            self.bump(node_ports(sandbox.spec.node))

    def close_ports(self, machine: Machine, process: Process) -> None:
        container, ports = machine.state.spec.id, self.ports(machine.sandbox)
        mine = [port for port, one in ports.items() if one.pid == process.pid and one.container == container] if ports else []
        for port in mine:
            del ports[port]
        if machine.sandbox.udp_ports:
            peers.release(machine, process)
        if self.state.forwarded:
            self.forwarding.close_process(container, process.pid)
        if mine:
            machine.changed(None)
            self.ports_changed(machine.sandbox)

    def resolve(self, sandbox: SandboxState | None, name: str) -> list[str] | None:
        """Return the addresses of a name as a Pod (or a node: None) sees it; None: there is no such name."""
        if sandbox is None:
            return self.network.resolve(name, self.network.cluster_conf("default"))
        spec = sandbox.spec
        if name == "localhost":
            return ["127.0.0.1"]
        if name in (spec.hostname, spec.pod) and name:
            return [spec.ip]
        for ip, names in spec.host_aliases:
            if name in names:
                return [ip]
        return self.network.resolve(name, self.network.conf(spec))

    def begin_shell(self, machine: Machine, process: Process) -> None:
        starting.begin_shell(machine, process)

    def load_shell(self, machine: Machine, process: Process, dialect: str, name: str, text: str, args: list[str]) -> None:
        starting.load_shell(machine, process, dialect, name, text, args)

    def follow(self, machine: Machine, process: Process, paths: list[str]) -> None:
        """Have a process called again when one of these files changes."""
        process.waiting = "follow"
        trees = sorted({machine.view.place(path).tree for path in paths})
        process.data["trees"] = trees
        for sandbox in {
            machine.state.spec.sandbox,
            *(user for tree in trees if tree for user in self.state.volumes[tree].users),
        }:
            if machine.state.spec.id not in self.state.sandboxes[sandbox].followers:
                self.state.sandboxes[sandbox].followers.append(machine.state.spec.id)

    def files_changed(self, machine: Machine, tree: str) -> None:
        """Wake those who follow files of a tree."""
        followers = (
            machine.sandbox.followers
            if not tree
            else [one for user in self.state.volumes[tree].users for one in self.state.sandboxes[user].followers]
        )
        for container_id in dict.fromkeys(followers):
            state = self.state.containers.get(container_id)
            for process in state.processes.values() if state and (tree or container_id == machine.state.spec.id) else ():
                if process.waiting == "follow" and process.timer is None and tree in process.data["trees"]:
                    process.timer = self.kernel.at(self.kernel.now, "programs", "wake", container_id, process.pid)

    def proc_file(self, machine: Machine, process: Process, parts: list[str]) -> str | None:
        return proc.text(machine, process, parts)

    def proc_exists(self, machine: Machine, process: Process, path: str) -> bool:
        if path.startswith(cgroups.ROOT):
            return cgroups.text(machine, path) is not None
        return proc.exists(machine, process, path)

    def on_wake(self, container_id: str, pid: int) -> None:
        """A process's time has come."""
        state = self.state.containers.get(container_id)
        process = state.processes.get(pid) if state else None
        if process is None or process.code is not None:
            return
        process.timer = None
        machine = self.machine(container_id)
        machine.ready(process)
        machine.run()
