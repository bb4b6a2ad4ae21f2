"""The room: sandboxes, containers, their processes, and what the kubelet asks of them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from lifecycle.clock import Micros
from lifecycle.kernel import Kernel, Reply
from lifecycle.programs.interface import (
    Container,
    ExecFailure,
    GRPCCheck,
    HTTPGet,
    ImageConfig,
    LogLine,
    Sandbox,
    StartFailure,
    TCPConnect,
    Usage,
)
from lifecycle.programs.network import Network, NetworkState


class ProgramsState(msgspec.Struct):
    """The whole memory of the room."""

    network: NetworkState = msgspec.field(default_factory=NetworkState)


class Programs:
    """What the kubelet's runtime sees of programs.

    No reply is told inside the call that asked for it: each comes from the agenda, at the same instant at the earliest.
    """

    def __init__(self, kernel: Kernel, state: ProgramsState | None = None) -> None:
        self.kernel = kernel
        self.state = state or ProgramsState()
        self.network = Network(self.state.network)

    def add_sandbox(self, sandbox: Sandbox) -> None:
        raise NotImplementedError

    def remove_sandbox(self, sandbox_id: str) -> None:
        """Forget a sandbox; its containers must be gone."""
        raise NotImplementedError

    def set_volume(
        self, key: str, files: Mapping[str, bytes] | None = None, mode: int = 0o644, modes: Mapping[str, int] | None = None
    ) -> None:
        """Make a volume (empty where `files` is None), or give it new files: path in the volume -> content.

        ConfigMaps, Secrets, projected and downward API volumes bring their files and are replaced whole when they change;
        an emptyDir is made once without files and keeps what programs write. `modes` overrides `mode` for single paths.
        """
        raise NotImplementedError

    def remove_volume(self, key: str) -> None:
        raise NotImplementedError

    def volume_usage(self, key: str) -> int:
        """Return the bytes in a volume's files."""
        raise NotImplementedError

    def node_path(self, node: str, path: str) -> str | None:
        """Return what stands at a path on a node (Directory, File, Socket, CharDevice, BlockDevice), or None."""
        raise NotImplementedError

    def make_node_path(self, node: str, path: str, kind: str = "Directory") -> None:
        """Create what hostPath's DirectoryOrCreate and FileOrCreate ask for, with the directories above it."""
        raise NotImplementedError

    def image(self, image: str) -> ImageConfig:
        """Return what the catalogue knows of an image, whatever its registry prefix and tag."""
        raise NotImplementedError

    def create(self, container: Container) -> str | None:
        """Create a container; a text says why it cannot be."""
        raise NotImplementedError

    def start(self, container_id: str) -> StartFailure | None:
        """Start process 1. Its end comes as `Container.exited`."""
        raise NotImplementedError

    def signal(self, container_id: str, signal: str) -> None:
        """Send a signal to process 1, with the kernel's rules: none of process 1's own has a default action."""
        raise NotImplementedError

    def kill(self, container_id: str) -> None:
        """Send SIGKILL to all of it; the exit is told at this instant."""
        raise NotImplementedError

    def oom_kill(self, container_id: str) -> None:
        """Kill process 1 as the kernel does when the memory limit is met."""
        raise NotImplementedError

    def exit(self, container_id: str, code: int) -> None:
        """Have process 1 exit with a code (a Fault)."""
        raise NotImplementedError

    def resize(self, container_id: str, memory: int | None) -> None:
        """Set a running container's memory limit (bytes; None: none)."""
        raise NotImplementedError

    def remove(self, container_id: str) -> None:
        """Remove a container and its writable layer; one that runs is killed, and nobody is told."""
        raise NotImplementedError

    def exec(
        self, container_id: str, command: tuple[str, ...], reply: Reply, timeout: Micros | None = None
    ) -> ExecFailure | None:
        """Run a command in a container; `reply` is told an ExecResult."""
        raise NotImplementedError

    def http(self, request: HTTPGet, reply: Reply) -> None:
        """`reply` is told an HTTPResult."""
        raise NotImplementedError

    def connect(self, request: TCPConnect, reply: Reply) -> None:
        """`reply` is told a ConnectResult."""
        raise NotImplementedError

    def grpc(self, request: GRPCCheck, reply: Reply) -> None:
        """`reply` is told a GRPCResult."""
        raise NotImplementedError

    def read_file(self, container_id: str, path: str) -> bytes | None:
        """Return a file's content as the container sees it (1 MiB at most), also after its end; None where there is none."""
        raise NotImplementedError

    def logs(self, container_id: str) -> list[LogLine]:
        """Return what the container has put out: the last 1 MiB at most."""
        raise NotImplementedError

    def usage(self, container_id: str) -> Usage:
        raise NotImplementedError

    def version(self, sandbox_id: str) -> int:
        """Return a number that grows whenever something that a probe could see has changed."""
        raise NotImplementedError

    def when_changed(self, sandbox_id: str, reply: Reply) -> None:
        """Tell `reply` the new version, once, at the next such change."""
        raise NotImplementedError
