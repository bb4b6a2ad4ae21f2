"""The room: sandboxes, containers, their processes, and what the kubelet asks of them."""

from __future__ import annotations

import msgspec

from lifecycle.kernel import Kernel, Reply
from lifecycle.programs import asks, cgroups, mounting, peers, pid_namespaces, proc, starting
from lifecycle.programs.container_memory import BASE_MEMORY
from lifecycle.programs.exchange import ADDRESSES, SERVICES, node_ports
from lifecycle.programs.files import Node, Tree
from lifecycle.programs.forwarding import Forwarding
from lifecycle.programs.images import catalogue
from lifecycle.programs.interface import (
    Attempts,
    Container,
    GRPCCheck,
    HTTPGet,
    ImageConfig,
    LogLine,
    Sandbox,
    StartFailure,
    TCPConnect,
    Usage,
)
from lifecycle.programs.machine import Machine
from lifecycle.programs.network import CutFault, Network, NetworkState, PortFault
from lifecycle.programs.node_memory import Memory, NodeMemory
from lifecycle.programs.paths import join
from lifecycle.programs.running import Running
from lifecycle.programs.sessions import Sessions
from lifecycle.programs.signals import NUMBERS
from lifecycle.programs.state import Connection, ContainerState, Listener, PidNamespace, Process, SandboxState
from lifecycle.programs.telling import Answer, Telling, UsageWatcher, Watched
from lifecycle.programs.view import SHARED_MEMORY, View
from lifecycle.programs.volumes import SHARED_MEMORY_SIZE, Unread, Volumes, shared_memory


class ProgramsState(msgspec.Struct):
    """The whole memory of the room. `answers` wait for their moment; timers name them by number. `memory` is by node."""

    network: NetworkState = msgspec.field(default_factory=NetworkState)
    sandboxes: dict[str, SandboxState] = {}
    containers: dict[str, ContainerState] = {}
    volumes: dict[str, Tree] = {}
    unread: dict[str, Unread] = {}
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


class Programs(Telling, Sessions, Volumes, Running):
    """What the kubelet's runtime sees of programs.

    The room puts out the traces `output`, `exit`, `assumption` and `limit` itself.
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
        self.remove_volume(shared_memory(sandbox_id))
        self.state.pid_namespaces.pop(sandbox_id, None)
        del self.state.sandboxes[sandbox_id]
        there = self._by_ip[sandbox.spec.ip]
        there.remove(sandbox_id)
        if not there:
            del self._by_ip[sandbox.spec.ip]
        self.tell_waiting(sandbox)
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
        container = starting.mounted_through_links(container)
        state = ContainerState(container, catalogue.key(container.image), Tree(), container.memory)
        self.state.containers[container.id] = state
        sandbox = self.state.sandboxes[container.sandbox]
        sandbox.containers.append(container.id)
        for mount in container.mounts:
            tree = self.state.volumes.get(mount.volume) or self.volume(mount.volume)
            if container.sandbox not in tree.users:
                tree.users.append(container.sandbox)
                sandbox.volumes.append(mount.volume)
        error = starting.prepare(self, state)
        if error:
            self.remove(container.id)
        return error

    def misfit(self, container_id: str) -> int | None:
        """Return which of a container's mounts, counted from 0, is a directory on a file, or a file on a directory."""
        return mounting.misfit(self, self.state.containers[container_id].spec)

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
        machine = self.running(container_id)
        if machine is None:
            return
        name = signal if signal.startswith("SIG") else f"SIG{signal}"
        if name in NUMBERS:
            machine.state.budget.grant(self.kernel.now)
            machine.signal(machine.first, name) if name != "SIGKILL" else self.kill(container_id)
            machine.run()

    def kill(self, container_id: str) -> None:
        """Send SIGKILL to all of it; the exit is told at this instant."""
        machine = self.running(container_id)
        if machine is not None:
            machine.end(machine.first, 137, "SIGKILL")

    def oom_kill(self, container_id: str) -> None:
        """Kill process 1 as the kernel does when the memory limit is met."""
        machine = self.running(container_id)
        if machine is not None:
            machine.memory.oom()

    def lose(self, container_id: str) -> None:
        """End a container with the machine that it runs on; nobody is left who could be told."""
        machine = self.running(container_id)
        if machine is not None:
            machine.state.lost = True
            machine.end(machine.first, 255)

    def exit(self, container_id: str, code: int) -> None:
        """Have process 1 exit with a code (a Fault)."""
        machine = self.running(container_id)
        if machine is not None:
            machine.end(machine.first, code)

    def running(self, container_id: str) -> Machine | None:
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
        machine = self.running(container_id)
        if machine is None:
            return
        machine.state.memory = memory
        if memory is not None and machine.memory.held() > memory:
            machine.memory.oom()
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
                self.machine(container_id).memory.hold(process, -process.memory)
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
        """Return the last lines that a container has put out, as many as a kubelet may ask for; the traces hold all."""
        state = self.state.containers.get(container_id)
        return list(state.logs) if state else []

    def usage(self, container_id: str) -> Usage:
        state = self.state.containers[container_id]
        memory = sum([one.memory + BASE_MEMORY for one in state.processes.values() if one.code is None])
        return Usage(memory + state.tmpfs, state.layer.bytes, state.log_bytes, state.tmpfs)

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
            found = self._views[state.spec.id] = View(image, state.layer, mounts, self.find_volume, state.spec.read_only)
            found.groups = (state.spec.group, *state.spec.groups)
            if (memory := shared_memory(state.spec.sandbox)) in self.state.volumes:
                found.mount(SHARED_MEMORY, memory)
        return found

    def share_memory(self, sandbox: SandboxState) -> None:
        """Have the containers of a sandbox share the memory that is theirs from now on."""
        key = shared_memory(sandbox.spec.id)
        if key in self.state.volumes:
            return
        tree = self.volume(key)
        tree.nodes["/"] = Node("d", mode=0o1777, mtime=self.kernel.now)
        tree.size, tree.users = SHARED_MEMORY_SIZE, [sandbox.spec.id]
        sandbox.volumes.append(key)
        for container_id in sandbox.containers:
            if view := self._views.get(container_id):
                view.mount(SHARED_MEMORY, key)

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

    def proc_file(self, machine: Machine, process: Process, parts: list[str]) -> str | None:
        return proc.text(machine, process, parts)

    def names_of_a_process(self, machine: Machine, path: str) -> list[str] | None:
        return proc.names(machine, path)

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
