"""What a kubelet asks of the container runtime: sandboxes and containers made, started, stopped and removed.

The programs inside are the programs room's; here is what the runtime knows of them (`PodState.runtime`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from lifecycle import programs
from lifecycle.clock import Micros
from lifecycle.core_v1.quantity import parse
from lifecycle.core_v1.types import Container, PodSpec, SecurityContext
from lifecycle.kernel import Reply
from lifecycle.kubelet import dns, reasons
from lifecycle.kubelet.state import NodeState, PodState
from lifecycle.kubelet.volumes import READ_ONLY
from lifecycle.runtime import delays, names, texts
from lifecycle.runtime.mounts import host_place
from lifecycle.runtime.records import ContainerRecord, SandboxRecord, resources_of

if TYPE_CHECKING:
    from lifecycle.kubelet.kubelet import Kubelet

RUNC_NEEDS = 4 << 20
"""runc itself runs out of memory, in bytes, before it has made a container's process."""
NO_ADDRESS = (
    'rpc error: code = Unknown desc = failed to setup network for sandbox: plugin type="bridge" failed (add): '
    "failed to allocate for range 0: no IP addresses available in range set: {first}-{last}"
)


class Runtime:
    """The container runtimes of all nodes."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self.kernel = kubelet.kernel

    @property
    def _programs(self) -> programs.Programs:
        return self.kubelet.programs

    def takes(self, span: Micros, pod: PodState, *key: str | int) -> Micros:
        """Return how long something takes this time."""
        pod.counter += 1
        return delays.drawn(self.kernel.seeds, span, pod.uid, pod.counter, *key)

    # Sandboxes

    def sandbox_takes(self, pod: PodState) -> Micros:
        return self.takes(delays.SANDBOX, pod)

    def create_sandbox(self, pod: PodState, attempt: int) -> str | None:
        """Make a sandbox with an address of the node's; return an error where there is none left."""
        spec, node = self.kubelet.spec(pod), self.kubelet.node(pod)
        sandbox_id = self.kernel.seeds.hex(64, "sandbox", pod.uid, attempt)
        network = self._programs.network
        try:
            hostname = (
                node.name if spec.host_network else dns.hostname(spec, pod.name, pod.namespace, network.state.cluster_domain)
            )
        except dns.NameTooLong as error:
            return str(error)
        if spec.host_network:
            ip = node.ip
        else:
            found = free_address(node, sandbox_id)
            if found is None:
                first, last = address(node.subnet, 1), address(node.subnet, 254)
                return NO_ADDRESS.format(first=first, last=last)
            ip = found
        self._programs.add_sandbox(
            programs.Sandbox(
                id=sandbox_id,
                namespace=pod.namespace,
                pod=pod.name,
                uid=pod.uid,
                node=pod.node,
                ip=ip,
                hostname=hostname,
                host_network=spec.host_network,
                share_processes=spec.share_process_namespace or spec.host_pid,
                host_processes=spec.host_pid,
                subdomain="" if spec.hostname_override is not None else spec.subdomain,
                host_aliases=tuple((alias.ip, alias.hostnames) for alias in spec.host_aliases),
                memory=_memory(spec),
                resolv_conf=self._resolv_conf(pod, spec),
            )
        )
        record = SandboxRecord(
            sandbox_id,
            attempt,
            self.kernel.now,
            "" if spec.host_network else ip,
            spec.host_network,
            memory=_memory(spec) or 0,
        )
        pod.runtime = pod.runtime.with_sandbox(record)
        self.kubelet.pleg.changed(pod)
        return None

    def _resolv_conf(self, pod: PodState, spec: PodSpec) -> programs.ResolvConf | None:
        """Return what the Pod's resolver is told where it is not what all are told; tell of what does not fit."""
        cluster = self._programs.network.cluster_conf(pod.namespace)
        conf, told = dns.within_limits(dns.resolv_conf(spec, cluster))
        for message in told:
            self.kubelet.event(pod, "Warning", reasons.DNS_CONFIG_FORMING, message)
        if dns.asks_as_its_node(spec):
            server = dns.NODES_OWN.nameservers[0]
            text = f"The resolv.conf of the node is not known: it is assumed to name {server}, and no domains to search."
            self.kernel.trace("assumption", self.kubelet.about(pod), about="network", text=text)
        return None if conf == cluster else conf

    def stop_sandboxes(self, pod: PodState) -> None:
        """Take down the Pod's network; its addresses are free again."""
        for sandbox in pod.runtime.sandboxes:
            if sandbox.ready:
                pod.runtime = pod.runtime.with_sandbox(msgspec.structs.replace(sandbox, ready=False))
                release_address(self.kubelet.node(pod), sandbox.id)
                self.kubelet.pleg.changed(pod)

    def remove_pod(self, pod: PodState) -> None:
        """Remove all that is left of a Pod: containers, then sandboxes."""
        self.stop_sandboxes(pod)
        self.remove(pod, {record.id for record in pod.runtime.containers})
        for sandbox in pod.runtime.sandboxes:
            self._programs.remove_sandbox(sandbox.id)

    # Containers

    def create(self, pod: PodState, container: Container, config: programs.Container) -> str | None:
        """Create a container; return the runtime's error where it cannot be."""
        profile = seccomp_profile(self.kubelet.spec(pod), container)
        error = texts.cannot_load_seccomp(profile) if profile else self._programs.create(config)
        if error is not None:
            return error
        image_name, image_id = self.kubelet.images.store.shown(self.kubelet.node(pod), names.normalize(container.image))
        record = ContainerRecord(
            id=config.id,
            name=container.name,
            attempt=config.attempt,
            sandbox=config.sandbox,
            state="created",
            image=container.image,
            image_name=image_name,
            image_id=image_id,
            created_at=self.kernel.now,
            resources=resources_of(container),
        )
        older = [c.id for c in pod.runtime.containers if c.name == container.name and c.state != "running"][1:]
        self.remove(pod, set(older))
        pod.runtime = pod.runtime.with_container(record)
        return None

    def container_id(self, pod: PodState, container: Container) -> str:
        pod.counter += 1
        return self.kernel.seeds.hex(64, "container", pod.uid, container.name, pod.counter)

    def exited_reply(self, pod: PodState) -> Reply:
        return Reply("kubelet", "exited", (pod.uid,))

    def start(self, pod: PodState, record: ContainerRecord) -> str | None:
        """Start a created container; return the runtime's error where its process cannot be."""
        reason = self._misfit(pod, record) or self._start(record)
        self.kubelet.pleg.changed(pod)
        if reason is None:
            if (current := pod.runtime.by_id(record.id)) and current.state == "created":
                running = msgspec.structs.replace(record, state="running", started_at=self.kernel.now)
                pod.runtime = pod.runtime.with_container(running)
            return None
        message = texts.cannot_start(reason)
        ended = msgspec.structs.replace(
            record,
            state="exited",
            finished_at=self.kernel.now,
            exit_code=texts.START_ERROR_CODE,
            reason=texts.START_ERROR,
            message=message,
        )
        pod.runtime = pod.runtime.with_container(ended)
        return message

    def _misfit(self, pod: PodState, record: ContainerRecord) -> str | None:
        """Return runc's word for a mount that does not fit its place."""
        index, container = self._programs.misfit(record.id), self.kubelet.container(pod, record.name)
        if index is None or container is None:
            return None
        volumes, mount = self.kubelet.spec(pod).volumes, container.volume_mounts[index]
        of_objects = any(volume.name == mount.name and volume.type in READ_ONLY for volume in volumes)
        source = host_place(pod.uid, volumes, container, index)
        return texts.cannot_mount(source, mount.mount_path, mount.read_only or of_objects)

    def _start(self, record: ContainerRecord) -> str | None:
        """Have a container's process run; return runc's word where it cannot."""
        limit = (record.resources.get("limits") or {}).get("memory")
        if limit is not None and parse(str(limit)).value() <= RUNC_NEEDS:
            return texts.MEMORY_TOO_LOW
        failure = self._programs.start(record.id)
        return failure.message if failure else None

    def exited(self, pod: PodState, record: ContainerRecord, code: int, reason: str, at: Micros, message: str) -> None:
        """Note that a container's process has ended, and when."""
        if record.state == "exited":
            return
        ended = msgspec.structs.replace(record, state="exited", finished_at=at, exit_code=code, reason=reason, message=message)
        pod.runtime = pod.runtime.with_container(ended)
        self.kubelet.pleg.changed(pod)

    def lost(self, pod: PodState) -> None:
        """Find after a boot that nothing of a Pod runs any more."""
        for record in pod.runtime.running():
            self.exited(pod, record, texts.UNKNOWN_CODE, texts.UNKNOWN, self.kernel.now, "")
        self.stop_sandboxes(pod)

    def remove(self, pod: PodState, container_ids: set[str]) -> None:
        if container_ids:
            for container_id in sorted(container_ids):
                self._programs.remove(container_id)
            pod.runtime = pod.runtime.without(container_ids)
            self.kubelet.pleg.changed(pod)


def seccomp_profile(spec: PodSpec, container: Container) -> str:
    """Return the file that a container wants as its seccomp profile; a privileged one has none."""
    own = container.security_context or SecurityContext()
    wanted = {} if own.privileged else own.seccomp_profile or spec.security_context.seccomp_profile or {}
    return str(wanted.get("localhostProfile", "")) if wanted.get("type") == "Localhost" else ""


def _memory(spec: PodSpec) -> int | None:
    """Return the memory limit that a Pod has as a whole, in bytes."""
    limit = spec.resources.limits.get("memory") if spec.resources else None
    return None if limit is None else parse(str(limit)).value()


def address(subnet: str, number: int) -> str:
    """Return the nth address of a subnet (`10.244.0.0/24`)."""
    base = subnet.partition("/")[0]
    parts = [int(part) for part in base.split(".")]
    value = (parts[0] << 24 | parts[1] << 16 | parts[2] << 8 | parts[3]) + number
    return ".".join(str(value >> shift & 255) for shift in (24, 16, 8, 0))


def free_address(node: NodeState, sandbox_id: str) -> str | None:
    """Reserve the next free address of a node's subnet, counting on from the last one given out."""
    size = 1 << (32 - int(node.subnet.partition("/")[2] or 24))
    for offset in range(1, size):
        number = (node.last_ip + offset - 2) % (size - 3) + 2
        if number not in node.ips:
            node.ips[number] = sandbox_id
            node.last_ip = number
            return address(node.subnet, number)
    return None


def release_address(node: NodeState, sandbox_id: str) -> None:
    for number, owner in node.ips.items():
        if owner == sandbox_id:
            del node.ips[number]
            return
