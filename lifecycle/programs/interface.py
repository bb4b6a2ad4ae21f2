"""What the kubelet's runtime and the controllers hand to programs, and what they get back. Plain, frozen data.

Spans and moments are Micros. Text is Unicode here; inside, programs see bytes.
"""

from __future__ import annotations

import msgspec

from lifecycle.clock import SECOND, Micros
from lifecycle.kernel import Reply
from lifecycle.programs.capabilities import USUAL


class ResolvConf(msgspec.Struct, frozen=True, array_like=True):
    """What a resolver is told: whom to ask (the first), which domains to search, and options as they are written."""

    nameservers: tuple[str, ...]
    search: tuple[str, ...]
    options: tuple[str, ...] = ()

    @property
    def ndots(self) -> int:
        """From so many dots on a name is tried as it stands first."""
        found = [option.partition(":")[2] for option in self.options if option.startswith("ndots:")]
        return min(int(found[-1]), 15) if found and found[-1].isdigit() else 1

    def text(self) -> str:
        """Return the file as containerd writes it."""
        lines = [f"search {' '.join(self.search)}"] if self.search else []
        lines += [f"nameserver {server}" for server in self.nameservers]
        return "".join(line + "\n" for line in [*lines, *([f"options {' '.join(self.options)}"] if self.options else [])])


class Sandbox(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A Pod's network namespace: one address, one set of ports, /etc/hosts.

    With `host_network` the ports are the node's. With `share_processes` its containers see each other's processes, of which
    the first is the pause container, so that the programs get the kernel's default action for signals; with
    `host_processes`, too, they see all of the node. `host_aliases` are (ip, names) as in `spec.hostAliases`.
    `memory` is what its containers may hold together, in bytes.
    """

    id: str
    namespace: str
    pod: str
    uid: str
    node: str
    ip: str
    hostname: str
    host_network: bool = False
    share_processes: bool = False
    host_processes: bool = False
    subdomain: str = ""
    host_aliases: tuple[tuple[str, tuple[str, ...]], ...] = ()
    memory: int | None = None
    resolv_conf: ResolvConf | None = None
    """None: that of a Pod that asks the cluster's DNS."""


class Mount(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A volume, or a place in it, as a container sees it at `path`.

    `volume` is the key under which `Programs.set_volume` knows its files: whoever mounts the same key sees the same files.
    A hostPath is the node's own volume, `node_volume(node)`, with the path on the node as `sub_path`.
    """

    path: str
    volume: str
    sub_path: str = ""
    read_only: bool = False


class Container(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One instance of a container, as the runtime creates it.

    `command` and `args` are those of the manifest with `$(VAR)` expanded; where they are empty the image's count. `env` is
    resolved, in the kubelet's order. `ports` are the declared container ports. `memory` is the limit in bytes (None: none);
    a swap does not exist; `oom_score_adj` moves the kernel's choice where the node has no more.
    `user` is runAsUser (None: the image's). `behavior` is the text of the annotation
    `podhub.dev/behavior.<container>` (None: there is none). `attempt` counts the restarts, as `restartCount` does.
    `exited` is told an Exit. `init`: an init container that is to end (no sidecar), which decides what an unknown image does.
    `capabilities` are bits (`capabilities`), which root's processes have.
    `target` is the container whose processes it sees as its own (an ephemeral container's). `group` is runAsGroup, `groups` are
    those that its processes belong to besides.
    """

    id: str
    sandbox: str
    name: str
    image: str
    exited: Reply
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    working_dir: str = ""
    mounts: tuple[Mount, ...] = ()
    ports: tuple[int, ...] = ()
    memory: int | None = None
    oom_score_adj: int = 0
    user: int | None = None
    tty: bool = False
    stdin: bool = False
    stdin_once: bool = False
    read_only: bool = False
    termination_message_path: str = "/dev/termination-log"
    behavior: str | None = None
    attempt: int = 0
    init: bool = False
    target: str = ""
    group: int = 0
    groups: tuple[int, ...] = ()
    capabilities: int = USUAL


class WindowSize(msgspec.Struct, frozen=True):
    """The size of the window that a terminal is shown in, in characters; 0: it is not known."""

    rows: int = 0
    columns: int = 0


class Exit(msgspec.Struct, frozen=True, tag=True):
    """How process 1 of a container ended. `reason` is what the runtime says: Completed, Error or OOMKilled."""

    container: str
    code: int
    signal: str | None
    reason: str


class SystemOOM(msgspec.Struct, frozen=True, tag=True):
    """The kernel has killed a process because its node had no memory left."""

    process: str
    pid: int


class StartFailure(msgspec.Struct, frozen=True):
    """Why a container's process could not be started: runc's own words, from `exec: "..."` on; the exit code is 128.

    `exec: "foo": executable file not found in $PATH`, `exec: "/no/such": stat /no/such: no such file or directory`.
    """

    message: str


STOPPED = "cannot exec in a stopped container"


class ExecFailure(msgspec.Struct, frozen=True):
    """Why a command could not be started in a container; `message` is runc's, as in StartFailure, or STOPPED."""

    message: str
    steady: bool = True


class ExecResult(msgspec.Struct, frozen=True, tag=True):
    """What a command in a container came to. `code` is 128 + n after signal n.

    `steady` (here and below): the same question gets the same answer until `Programs.version(sandbox)` grows, or that of
    something else that it has `looked` at, which had these versions.
    """

    code: int
    stdout: str
    stderr: str
    timed_out: bool = False
    steady: bool = False
    pids: int = 0
    """How many numbers its processes took."""
    looked: dict[str, int] = {}
    outlived: Micros = 0
    """How much longer those live that it has left behind."""


class Attempts(msgspec.Struct, frozen=True, array_like=True):
    """A command that comes to the same each time and is not run: at `origin` + n * `period`, later than `counted`.

    Each time it takes `pids` numbers of processes. Where these live a while (`takes`), `reply` is told before anything happens
    in its sandbox meanwhile, so that they can be made after all.
    """

    counted: Micros
    origin: Micros
    period: Micros
    pids: int
    takes: Micros = 0
    reply: Reply | None = None

    def until(self, now: Micros) -> int:
        """Return how often it is taken for tried, and is over, since it was counted, up to a moment."""
        return max(0, (now - self.takes - self.origin) // self.period - self._counted())

    def alive(self, now: Micros) -> list[Micros]:
        """Return when those attempts began, before a moment, whose processes would still live."""
        first = max(self._counted(), (now - self.takes - self.origin) // self.period) + 1
        last = (now - 1 - self.origin) // self.period if self.takes else -1
        return [self.origin + number * self.period for number in range(first, last + 1)]

    def _counted(self) -> int:
        return max(-1, (self.counted - self.origin) // self.period)


class HTTPGet(msgspec.Struct, frozen=True, omit_defaults=True):
    """One GET from a node (the kubelet's probes and hooks), or a request that the API server's proxy passes on.

    No redirect is followed, no proxy asked.

    `host` is an address, or a name that the node can resolve. `timeout` spans the whole exchange (None: 30 s to connect,
    no end to the answer). `node` is where the question comes from.
    """

    node: str
    host: str
    port: int
    path: str = "/"
    scheme: str = "HTTP"
    headers: tuple[tuple[str, str], ...] = ()
    timeout: Micros | None = SECOND
    method: str = "GET"
    body: str = ""


class HTTPResult(msgspec.Struct, frozen=True, tag=True):
    """An answer (`status` > 0), or `error` as Go's http.Client returns it, from `Get "http://...": ` on."""

    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    error: str = ""
    steady: bool = False
    looked: dict[str, int] = {}


class TCPConnect(msgspec.Struct, frozen=True, omit_defaults=True):
    """One TCP connection from a node, closed as soon as it is open."""

    node: str
    host: str
    port: int
    timeout: Micros = SECOND


class ConnectResult(msgspec.Struct, frozen=True, tag=True):
    """`error` is Go's dial error (`dial tcp 10.244.0.5:80: connect: connection refused`), empty where it opened."""

    error: str = ""
    steady: bool = False
    looked: dict[str, int] = {}


class GRPCCheck(msgspec.Struct, frozen=True, omit_defaults=True):
    """One call of grpc.health.v1.Health/Check from a node; `timeout` spans connecting and the call."""

    node: str
    host: str
    port: int
    service: str = ""
    timeout: Micros = SECOND


class GRPCResult(msgspec.Struct, frozen=True, tag=True):
    """`status` is SERVING, NOT_SERVING or UNKNOWN; else `error` is the probe's text.

    Kubernetes: pkg/probe/grpc (`timeout: failed to connect service "IP:PORT" within 1s: context deadline exceeded`,
    `error: health rpc probe failed: rpc error: code = NotFound desc = unknown service`).
    """

    status: str = ""
    error: str = ""
    steady: bool = False
    looked: dict[str, int] = {}


class LogLine(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A line of a container's log, without its newline. `stream` is stdout or stderr."""

    at: Micros
    stream: str
    text: str


class ImageConfig(msgspec.Struct, frozen=True):
    """What an image says about its containers. `known` is False where the catalogue does not have it.

    `user` is as the Dockerfile has it (`""`: root; a number; a name). `working_dir` is `/` where none is set.
    """

    repository: str
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    working_dir: str = "/"
    user: str = ""
    stop_signal: str = "SIGTERM"
    ports: tuple[int, ...] = ()
    known: bool = True


class Usage(msgspec.Struct, frozen=True):
    """What a container holds now, in bytes: memory, its writable layer, its log.

    `tmpfs` is the part of its memory that is files in volumes.
    """

    memory: int
    writable_layer: int
    logs: int
    tmpfs: int = 0


def node_volume(node: str) -> str:
    """Return the key of the volume that is a node's own file system, for hostPath mounts."""
    return f"node:{node}"


def persistent_volume(name: str) -> str:
    """Return the key of what a PersistentVolume holds, which stays when the Pods that use it are gone."""
    return f"pv:{name}"
