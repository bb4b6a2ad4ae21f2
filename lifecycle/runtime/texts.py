"""What containerd and runc say when something goes wrong (containerd 1.6, runc 1.1)."""

from __future__ import annotations

from lifecycle.programs import STOPPED

START_ERROR = "StartError"
START_ERROR_CODE = 128
UNKNOWN, UNKNOWN_CODE = "Unknown", 255
"""What containerd says of a container whose end it has not seen."""
MEMORY_TOO_LOW = "container init was OOM-killed (memory limit too low?)"
NETWORK_NOT_READY = (
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady "
    "message:Network plugin returns error: cni plugin not initialized"
)
"""The kubelet's words around containerd's."""
NO_SANDBOX = "failed to get sandbox container task: no running task found"


def cannot_start(reason: str) -> str:
    """Return StartContainer's error; `reason` is runc's own, from `exec: ...` on."""
    return (
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
        f"unable to start container process: {reason}: unknown"
    )


def cannot_mount(source: str, path: str, read_only: bool) -> str:
    """Return runc's own word for a directory that is to be mounted on a file, or a file on a directory."""
    how = f"mount {source}:{path} (via /proc/self/fd/6), flags: 0x{0x5000 | read_only:x}: not a directory"
    return f'error during container init: error mounting "{source}" to rootfs at "{path}": {how}'


def cannot_load_seccomp(profile: str) -> str:
    """Return CreateContainer's error for a profile that is not on the node: on ours there is none."""
    path = f"/var/lib/kubelet/seccomp/{profile}"
    return (
        f'failed to create containerd container: cannot load seccomp profile "{path}": open {path}: no such file or directory'
    )


def cannot_exec(exec_id: str, reason: str) -> str:
    """Return ExecSync's error; `reason` is runc's own."""
    what = reason if reason == STOPPED else f"unable to start container process: {reason}"
    return (
        f'rpc error: code = Unknown desc = failed to exec in container: failed to start exec "{exec_id}": '
        f"OCI runtime exec failed: exec failed: {what}: unknown"
    )


def no_running_task(container_id: str) -> str:
    """Return ExecSync's error where the container has ended."""
    return (
        "rpc error: code = NotFound desc = failed to exec in container: failed to load task: "
        f"no running task found: task {container_id} not found: not found"
    )


def cannot_forward(sandbox_id: str, network: str, port: int, why: str) -> str:
    """Return PortForward's error; `network` is the path of the network namespace, `why` the error of connect(2)."""
    return (
        f"error forwarding port {port} to pod {sandbox_id}, uid : failed to execute portforward in network namespace "
        f'"{network}": failed to connect to localhost:{port} inside namespace "{sandbox_id}", '
        f"IPv4: dial tcp4 127.0.0.1:{port}: connect: {why} IPv6 dial tcp6 [::1]:{port}: connect: {why} "
    )
