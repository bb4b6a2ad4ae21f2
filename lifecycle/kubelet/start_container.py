"""Starting a container: back-off, image, configuration, creation, start, postStart; each a step of its sync.

Kubernetes: pkg/kubelet/kuberuntime/kuberuntime_container.go (startContainer)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifecycle.clock import go_duration
from lifecycle.core_v1.types import Container
from lifecycle.kubelet import backoff, reasons
from lifecycle.kubelet.container_config import ConfigError
from lifecycle.kubelet.images import Pull, Wanted
from lifecycle.kubelet.state import Call, PodState, Reason, Step
from lifecycle.runtime import delays, texts

if TYPE_CHECKING:
    from lifecycle.kubelet.kubelet import Kubelet


class StartContainer:
    """The steps that start containers."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self.kernel = kubelet.kernel

    def step_start(self, pod: PodState, call: Call, step: Step) -> bool:
        container = self.kubelet.container(pod, step.container)
        if container is None or self._in_back_off(pod, call, container) or self._lacks_image_volume(pod, call, container):
            return True
        outcome = self.kubelet.images.ensure(pod, Wanted.by(container))
        if isinstance(outcome, Reason):
            self.kubelet.sync_pod.fail(pod, call, container.name, outcome.reason, outcome.message)
        elif isinstance(outcome, Pull):
            pulled = Step("pulled", container.name, after=outcome.waited, id=str(outcome))
            self.kubelet.sync_pod.push(call, pulled)
        else:
            self._config(pod, call, container)
        return True

    def step_pulled(self, pod: PodState, call: Call, step: Step) -> bool:
        container = self.kubelet.container(pod, step.container)
        assert container
        failed = self.kubelet.images.pulled(pod, Wanted.by(container), Pull.read(step.id))
        if failed:
            self.kubelet.sync_pod.fail(pod, call, container.name, failed.reason, failed.message)
        else:
            self._config(pod, call, container)
        return True

    def step_image_volume(self, pod: PodState, call: Call, step: Step) -> bool:
        """Have the image of a volume on the node. Kubernetes: getImageVolumes"""
        volume = next(volume for volume in self.kubelet.spec(pod).volumes if volume.name == step.id)
        outcome = self.kubelet.images.ensure(pod, Wanted.by_volume(volume))
        if isinstance(outcome, Reason):
            call.image_volumes[volume.name] = outcome
        elif isinstance(outcome, Pull):
            pulled = Step("image_volume_pulled", after=outcome.waited, id=volume.name, message=str(outcome))
            self.kubelet.sync_pod.push(call, pulled)
        return True

    def step_image_volume_pulled(self, pod: PodState, call: Call, step: Step) -> bool:
        volume = next(volume for volume in self.kubelet.spec(pod).volumes if volume.name == step.id)
        failed = self.kubelet.images.pulled(pod, Wanted.by_volume(volume), Pull.read(step.message))
        if failed:
            call.image_volumes[volume.name] = failed
        return True

    def _lacks_image_volume(self, pod: PodState, call: Call, container: Container) -> bool:
        """Hold a container back that mounts an image which the node does not have."""
        lacking = [call.image_volumes[m.name] for m in container.volume_mounts if m.name in call.image_volumes]
        for missing in lacking:
            self.kubelet.event(pod, "Warning", reasons.FAILED, f"Error: {missing.reason}", container.name)
        if lacking:
            self.kubelet.sync_pod.fail(pod, call, container.name, lacking[-1].reason, lacking[-1].message)
        return bool(lacking)

    def _in_back_off(self, pod: PodState, call: Call, container: Container) -> bool:
        """Hold a container back that has failed before. Kubernetes: doBackOff"""
        ended = next((r for r in call.snapshot.containers if r.name == container.name and r.state == "exited"), None)
        if ended is None:
            return False
        key, now = backoff_key(container), self.kernel.now
        held = pod.restarts.get(key)
        if not backoff.in_back_off(held, ended.finished_at, now):
            pod.restarts[key] = backoff.after_failure(held, ended.finished_at, now)
            return False
        assert held
        pod_id = self.kubelet.pod_id(pod)
        message = f"Back-off restarting failed container {container.name} in pod {pod_id}"
        self.kubelet.event(pod, "Warning", reasons.BACK_OFF, message, container.name)
        text = f"back-off {go_duration(held.wait)} restarting failed container={container.name} pod={pod_id}"
        until = ended.finished_at + held.wait
        self.kubelet.sync_pod.fail(pod, call, container.name, reasons.CRASH_LOOP_BACK_OFF, text, until)
        return True

    def _config(self, pod: PodState, call: Call, container: Container) -> None:
        """Go on to creating it, if its configuration can be made."""
        error = self.kubelet.container_config.check(pod, container)
        if error:
            self._failed(pod, call, container, reasons.CREATE_CONTAINER_CONFIG_ERROR, error)
        else:
            after = self.kubelet.runtime.takes(delays.CREATE, pod)
            self.kubelet.sync_pod.push(call, Step("create", container.name, after=after))

    def step_create(self, pod: PodState, call: Call, step: Step) -> bool:
        container = self.kubelet.container(pod, step.container)
        assert container
        if not any(sandbox.ready for sandbox in pod.runtime.sandboxes):
            self._failed(pod, call, container, reasons.CREATE_CONTAINER_ERROR, texts.NO_SANDBOX)
            return True
        try:
            config = self.kubelet.container_config.make(pod, container)
        except ConfigError as changed_meanwhile:
            self._failed(pod, call, container, reasons.CREATE_CONTAINER_CONFIG_ERROR, str(changed_meanwhile))
            return True
        error = self.kubelet.runtime.create(pod, container, config)
        if error is not None:
            self._failed(pod, call, container, reasons.CREATE_CONTAINER_ERROR, error)
            return True
        index = self.kubelet.event(pod, "Normal", reasons.CREATED, "Container created", container.name)
        after = self.kubelet.runtime.takes(delays.START, pod)
        self.kubelet.sync_pod.push(call, Step("run", container.name, after=after, id=config.id, message=str(index)))
        return True

    def step_run(self, pod: PodState, call: Call, step: Step) -> bool:
        container = self.kubelet.container(pod, step.container)
        record = pod.runtime.by_id(step.id)
        assert container
        assert record
        with self.kernel.because(int(step.message)):
            error = self.kubelet.runtime.start(pod, record)
        if error is not None:
            self._failed(pod, call, container, reasons.RUN_CONTAINER_ERROR, error)
            return True
        index = self.kubelet.event(pod, "Normal", reasons.STARTED, "Container started", container.name)
        self.kubelet.prober.started(pod, container.name, index)
        if container.lifecycle and container.lifecycle.post_start:
            self.kubelet.sync_pod.push(call, Step("post_started", container.name, id=record.id))
            with self.kernel.because(index):
                return self.kubelet.hooks.post_start(pod, container, record)
        call.started.append(container.name)
        return True

    def step_post_started(self, pod: PodState, call: Call, step: Step) -> bool:
        """The hook has ended: go on, or kill the container."""
        container = self.kubelet.container(pod, step.container)
        assert container
        error = self.kubelet.hooks.take_result(pod, step.id)
        if error is None:
            call.started.append(container.name)
            return True
        self.kubelet.event(pod, "Warning", reasons.FAILED_POST_START_HOOK, "PostStartHook failed", container.name)
        self.kubelet.sync_pod.fail(pod, call, container.name, reasons.POST_START_HOOK_ERROR, error)
        kill = Step("kill", id=step.id, message=reasons.FAILED_POST_START_HOOK)
        self.kubelet.sync_pod.push(call, kill)
        return True

    def _failed(self, pod: PodState, call: Call, container: Container, reason: str, message: str) -> None:
        self.kubelet.event(pod, "Warning", reasons.FAILED, f"Error: {message}", container.name)
        self.kubelet.sync_pod.fail(pod, call, container.name, reason, message)

    def missing_pull_secrets(self, pod: PodState) -> list[str]:
        """Return the pull secrets that the Pod names and its namespace has not: each sync says so again."""
        if not (secrets := self.kubelet.spec(pod).image_pull_secrets):
            return []
        return [ref.name for ref in secrets if ref.name and self.kubelet.api.get("secrets", pod.namespace, ref.name) is None]

    def check_pull_secrets(self, pod: PodState) -> None:
        """Say so where a pull secret is missing; the pull is tried without it."""
        if missing := self.missing_pull_secrets(pod):
            message = (
                f"Unable to retrieve some image pull secrets ({', '.join(missing)}); "
                "attempting to pull the image may not succeed."
            )
            self.kubelet.event(pod, "Warning", reasons.FAILED_TO_RETRIEVE_IMAGE_PULL_SECRET, message)


def backoff_key(container: Container) -> str:
    """Return under what a container's failures are counted: another image or other resources start anew."""
    resources = container.resources
    sizes = [f"{kind}.{k}={v}" for kind in ("requests", "limits") for k, v in sorted(getattr(resources, kind).items())]
    return " ".join((container.name, container.image, *sizes))
