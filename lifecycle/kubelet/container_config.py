"""What the runtime is asked to create: image, command, environment, mounts, user, limits.

Kubernetes: pkg/kubelet/kuberuntime/kuberuntime_container.go (generateContainerConfig)
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from lifecycle import programs
from lifecycle.core_v1.quantity import parse
from lifecycle.core_v1.types import Container, PodSpec, SecurityContext, sidecar
from lifecycle.kubelet.admission import critical
from lifecycle.kubelet.environment import ConfigError, Facts, environment
from lifecycle.kubelet.expansion import expand_all
from lifecycle.kubelet.node_resources import amount
from lifecycle.kubelet.state import PodState
from lifecycle.programs import capabilities
from lifecycle.runtime.names import normalize

if TYPE_CHECKING:
    from lifecycle.kubelet.kubelet import Kubelet

BEHAVIOR = "podhub.dev/behavior."
"""The annotation in which a manifest says what a container does; its name follows."""

__all__ = ["ConfigError", "ContainerConfig"]


class ContainerConfig:
    """Configurations of containers."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet

    def check(self, pod: PodState, container: Container) -> str | None:
        """Return why a configuration cannot be made now, or None."""
        try:
            if container.env or container.env_from or any(m.sub_path or m.sub_path_expr for m in container.volume_mounts):
                self.kubelet.volumes.check(pod, container, dict(self.environment(pod, container)))
            _check_read_only(container)
            self.user(pod, container)
            self._target(pod, container)
        except ConfigError as error:
            return str(error)
        return None

    def make(self, pod: PodState, container: Container) -> programs.Container:
        """Return what to create. Raises: ConfigError"""
        env = self.environment(pod, container)
        values = dict(env)
        annotations = self.kubelet.object(pod)["metadata"].get("annotations") or {}
        context = container.security_context
        memory = container.resources.limits.get("memory")
        return programs.Container(
            id=self.kubelet.runtime.container_id(pod, container),
            sandbox=next(s.id for s in pod.runtime.sandboxes if s.ready),
            name=container.name,
            image=self._image(container),
            exited=self.kubelet.runtime.exited_reply(pod),
            command=expand_all(container.command, values),
            args=expand_all(container.args, values),
            env=env,
            working_dir=container.working_dir,
            mounts=self.kubelet.volumes.mounts(pod, container, values),
            ports=tuple(port.container_port for port in container.ports),
            memory=None if memory is None else parse(str(memory)).value(),
            oom_score_adj=self._oom_score_adj(pod, container),
            user=self.user(pod, container),
            group=self._group(pod, container),
            groups=_groups(self.kubelet.spec(pod)),
            capabilities=_capabilities(context),
            tty=container.tty,
            stdin=container.stdin,
            stdin_once=container.stdin_once,
            read_only=bool(context and context.read_only_root_filesystem),
            termination_message_path=container.termination_message_path,
            behavior=annotations.get(BEHAVIOR + container.name),
            attempt=self._attempt(pod, container),
            target=self._target(pod, container),
            init=not sidecar(container) and container in self.kubelet.spec(pod).init_containers,
        )

    def _target(self, pod: PodState, container: Container) -> str:
        """Return the container whose processes an ephemeral one is to see. Raises: ConfigError"""
        name = container.target_container_name
        if not name:
            return ""
        found = pod.runtime.latest(name)
        if found is None:
            raise ConfigError(f"unable to find target container {name}")
        return found.id

    def _oom_score_adj(self, pod: PodState, container: Container) -> int:
        """Return how readily the kernel kills the container. Kubernetes: pkg/kubelet/qos (GetContainerOOMScoreAdjust)"""
        obj = self.kubelet.object(pod)
        if critical(obj) or obj["status"].get("qosClass") == "Guaranteed":
            return -997
        if obj["status"].get("qosClass") == "BestEffort":
            return 1000
        node = self.kubelet.api.get("nodes", "", pod.node) or {}
        size = amount(node.get("status") or {}, "capacity", "memory")
        asked = parse(str(container.resources.requests.get("memory", 0))).value()
        return min(max(1000 - 1000 * asked // max(size, 1), 3), 999)

    def environment(self, pod: PodState, container: Container) -> tuple[tuple[str, str], ...]:
        api, spec, node = self.kubelet.api, self.kubelet.spec(pod), self.kubelet.node(pod)
        obj = self.kubelet.object(pod)
        allocatable = (api.get("nodes", "", node.name) or {}).get("status", {}).get("allocatable", {})
        containers = (*spec.init_containers, *spec.containers)
        facts = Facts(obj, self.kubelet.pod_ip(pod), node.ip, allocatable, containers)
        own = [] if pod.namespace == "default" else [api.get("services", "default", "kubernetes")]
        services = [*(s for s in own if s), *api.list("services", pod.namespace)]
        return environment(container, facts, services, api.get, partial(self.kubelet.volumes.read, pod))

    def _group(self, pod: PodState, container: Container) -> int:
        pods, own = self.kubelet.spec(pod).security_context, container.security_context
        return (own.run_as_group if own and own.run_as_group is not None else pods.run_as_group) or 0

    def user(self, pod: PodState, container: Container) -> int | None:
        """Return runAsUser. Raises: ConfigError where runAsNonRoot forbids the user that it would be."""
        pods, own = self.kubelet.spec(pod).security_context, container.security_context
        user = own.run_as_user if own and own.run_as_user is not None else pods.run_as_user
        non_root = own.run_as_non_root if own and own.run_as_non_root is not None else pods.run_as_non_root
        if not non_root:
            return user
        where = f'(pod: "{self.kubelet.pod_id(pod)}", container: {container.name})'
        if user == 0:
            raise ConfigError(f"container's runAsUser breaks non-root policy {where}")
        if user is None:
            image_user = self.kubelet.programs.image(self._image(container)).user.partition(":")[0]
            if image_user in ("", "0", "root"):
                raise ConfigError(f"container has runAsNonRoot and image will run as root {where}")
            if not image_user.isdigit():
                raise ConfigError(
                    f"container has runAsNonRoot and image has non-numeric user ({image_user}), "
                    f"cannot verify user is non-root {where}"
                )
        return user

    def _image(self, container: Container) -> str:
        """Return the name of a container's image by which it is known what is in it."""
        others = self.kubelet.images.store.names(normalize(container.image))
        known = (name for name in (container.image, *others) if self.kubelet.programs.image(name).known)
        return next(known, container.image)

    def _attempt(self, pod: PodState, container: Container) -> int:
        """Return how often the container was restarted, with this time."""
        latest = pod.runtime.latest(container.name)
        if latest:
            return latest.attempt + 1
        for group in ("initContainerStatuses", "containerStatuses"):
            for status in (pod.status or {}).get(group) or ():
                if status["name"] == container.name:
                    return int(status["restartCount"])
        return 0


def _groups(spec: PodSpec) -> tuple[int, ...]:
    """Return the groups that all of a Pod's processes belong to. Kubernetes: pkg/securitycontext, kuberuntime_sandbox.go"""
    context = spec.security_context
    return (*context.supplemental_groups, *(() if context.fs_group is None else (context.fs_group,)))


def _check_read_only(container: Container) -> None:
    """Raises: ConfigError where a mount has to be read-only with all below it, as containerd can have it from 2.0 on."""
    for mount in container.volume_mounts:
        if mount.recursive_read_only == "Enabled":
            text = f'volume "{mount.name}" requested recursive read-only mode, but it is not supported by the runtime'
            raise ConfigError(f"failed to resolve recursive read-only mode: {text}")


def _capabilities(context: SecurityContext | None) -> int:
    if context is None or not (context.capabilities or context.privileged):
        return capabilities.USUAL
    asked = context.capabilities or {}
    return capabilities.granted(asked.get("add") or (), asked.get("drop") or (), bool(context.privileged))
