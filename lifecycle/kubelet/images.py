"""Images: whether one has to be pulled, the queue of pulls, and the back-off after failures.

Kubernetes: pkg/kubelet/images/image_manager.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from lifecycle.clock import MILLISECOND, SECOND, Micros, go_duration, parse_go_duration
from lifecycle.core_v1.types import Container, Volume
from lifecycle.kubelet import backoff, reasons
from lifecycle.kubelet.state import NodeState, PodState, Reason
from lifecycle.runtime import delays, names
from lifecycle.runtime.image_store import ImageStore
from lifecycle.wire import Image

if TYPE_CHECKING:
    from lifecycle.kubelet.kubelet import Kubelet

UNAVAILABLE = {
    "RegistryUnavailable": (reasons.REGISTRY_UNAVAILABLE, "the registry is unavailable"),
    "SignatureValidationFailed": (reasons.SIGNATURE_VALIDATION_FAILED, "the signature validation failed"),
}


class Wanted(msgspec.Struct, frozen=True):
    """An image that something needs: a container, or (empty) a volume of the Pod."""

    container: str
    image: str
    policy: str = ""

    @classmethod
    def by(cls, container: Container) -> Wanted:
        return cls(container.name, container.image, container.image_pull_policy)

    @classmethod
    def by_volume(cls, volume: Volume) -> Wanted:
        return cls("", volume.source.get("reference", ""), volume.source.get("pullPolicy", ""))


QPS_EXCEEDED = "pull QPS exceeded"
"""What comes of a pull for which there have been too many before it. Kubernetes: pkg/kubelet/images/helpers.go"""
PULLS_EVERY: Micros = SECOND // 5
PULL_BURST = 10


class Pull(msgspec.Struct, frozen=True):
    """A pull under way, as the trace `told` says: it takes `took`, and `waited` with the queue; or it is refused in the end."""

    told: int
    took: Micros
    waited: Micros
    refused: bool = False

    @classmethod
    def read(cls, text: str) -> Pull:
        """Return what `str` has made a text of."""
        told, took, waited, refused = map(int, text.split())
        return cls(told, took, waited, bool(refused))

    def __str__(self) -> str:
        return f"{self.told} {self.took} {self.waited} {self.refused:d}"


class Images:
    """The image managers of all nodes."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self.kernel = kubelet.kernel
        self.store = ImageStore(kubelet.kernel.config.images, kubelet.kernel.seeds)

    def ensure(self, pod: PodState, wanted: Wanted) -> Pull | Reason | None:
        """Return None where the image is there, a pull that was begun, or why it cannot be had."""
        about, image = wanted.container, wanted.image
        try:
            name = names.normalize(image)
        except names.InvalidReference as error:
            message = f'Failed to apply default image tag "{image}": couldn\'t parse image name "{image}": {error}'
            self.kubelet.event(pod, "Warning", reasons.INSPECT_FAILED, message, about)
            return self._failed(pod, about, reasons.INVALID_IMAGE_NAME, message)
        node = self.kubelet.node(pod)
        present = self.present(node, image, name)
        if present and wanted.policy != "Always":
            message = f'Container image "{image}" already present on machine and can be accessed by the pod'
            self.kubelet.event(pod, "Normal", reasons.PULLED, message, about)
            return None
        if wanted.policy == "Never":
            message = f'Container image "{image}" is not present with pull policy of Never'
            self.kubelet.event(pod, "Warning", reasons.ERR_IMAGE_NEVER_PULL, message, about)
            return self._failed(pod, about, reasons.ERR_IMAGE_NEVER_PULL, message)
        if backoff.in_back_off(pod.pulls.get(image), self._failed_at(pod, image), self.kernel.now):
            return self._back_off(pod, wanted)
        return self._begin(pod, node, wanted, name)

    def present(self, node: NodeState, image: str, name: str) -> bool:
        return name in node.images or self._found(image, name).present

    def pulled(self, pod: PodState, wanted: Wanted, pull: Pull) -> Reason | None:
        """End a pull; return why it failed, or None."""
        with self.kernel.because(pull.told):
            return self._ended(pod, wanted, pull)

    def _ended(self, pod: PodState, wanted: Wanted, pull: Pull) -> Reason | None:
        node, name = self.kubelet.node(pod), names.normalize(wanted.image)
        if node.pulling.get(name, 0) <= self.kernel.now:
            node.pulling.pop(name, None)
        found = self._found(wanted.image, name)
        where = self.kubelet.about(pod, wanted.container)
        error = QPS_EXCEEDED if pull.refused else found.error
        if error is not None:
            self.kernel.trace("pull", where, image=wanted.image, phase="failed", bytes=0, message=error)
            return self._pull_failed(pod, wanted, error)
        size = delays.PULL_SIZE if found.size is None else found.size
        node.images[name] = size
        node.detected.setdefault(self.store.names(name)[0], self.kernel.now)
        self.kubelet.programs.usage_changed(node.name, disk=size)
        self.kubelet.node_images.look(node)
        message = (
            f'Successfully pulled image "{wanted.image}" in {_rounded(pull.took)} '
            f"({_rounded(pull.waited)} including waiting). Image size: {size} bytes."
        )
        index = self.kernel.trace("pull", where, image=wanted.image, phase="ended", bytes=size, message="")
        with self.kernel.because(index):
            self.kubelet.event(pod, "Normal", reasons.PULLED, message, wanted.container)
        return None

    def _begin(self, pod: PodState, node: NodeState, wanted: Wanted, name: str) -> Pull:
        index = self.kubelet.event(pod, "Normal", reasons.PULLING, f'Pulling image "{wanted.image}"', wanted.container)
        with self.kernel.because(index):
            where = self.kubelet.about(pod, wanted.container)
            told = self.kernel.trace("pull", where, image=wanted.image, phase="started", bytes=0, message="")
        now, begins = self.kernel.now, max(self.kernel.now, node.pull_free_at)
        if not self._may_pull(node, begins):
            return Pull(told, 0, begins - now, refused=True)
        took = self._takes(pod, node, wanted.image, name)
        node.pull_free_at = begins + took
        if self._found(wanted.image, name).error is None:
            node.pulling[name] = node.pull_free_at
        return Pull(told, took, node.pull_free_at - now)

    def _may_pull(self, node: NodeState, at: Micros) -> bool:
        """Say whether a pull may begin at a moment: there may be ten at once, and five more with each second."""
        if node.pulls_until > at + (PULL_BURST - 1) * PULLS_EVERY:
            return False
        node.pulls_until = max(node.pulls_until, at) + PULLS_EVERY
        return True

    def _takes(self, pod: PodState, node: NodeState, image: str, name: str) -> Micros:
        found = self._found(image, name)
        if found.error is not None and found.pull is None:
            return self.kubelet.runtime.takes(delays.PULL_FAILS, pod)
        took = delays.PULL if found.pull is None else parse_go_duration(found.pull)
        there = self.present(node, image, name) or self.store.held(node, name)
        coming = any(one in node.pulling for one in self.store.names(name))
        return min(took, delays.PULL_CHECK) if there or coming else took

    def _found(self, image: str, name: str) -> Image:
        """Return what a pull finds: what a Fault says, else the configuration."""
        faults = self.kernel.rooms.get("faults")
        return (faults and faults.image(image)) or self.store.find(name)

    def _failed_at(self, pod: PodState, image: str) -> Micros:
        held = pod.pulls.get(image)
        return held.at if held else 0

    def _pull_failed(self, pod: PodState, wanted: Wanted, error: str) -> Reason:
        image, now = wanted.image, self.kernel.now
        index = self.kubelet.event(pod, "Warning", reasons.FAILED, f'Failed to pull image "{image}": {error}', wanted.container)
        pod.pulls[image] = backoff.after_failure(pod.pulls.get(image), now, now)
        reason, message = reasons.ERR_IMAGE_PULL, error
        for prefix, (special, why) in UNAVAILABLE.items():
            if error.startswith(prefix):
                reason, message = special, f"image pull failed for {image} because {why}{error[len(prefix) :]}"
        pod.pull_errors[image] = Reason(reason, message)
        with self.kernel.because(index):
            return self._failed(pod, wanted.container, reason, message)

    def _back_off(self, pod: PodState, wanted: Wanted) -> Reason:
        message = f'Back-off pulling image "{wanted.image}"'
        self.kubelet.event(pod, "Normal", reasons.BACK_OFF, message, wanted.container)
        if before := pod.pull_errors.get(wanted.image):
            message += f": {before.reason}: {before.message}"
        return self._failed(pod, wanted.container, reasons.IMAGE_PULL_BACK_OFF, message)

    def _failed(self, pod: PodState, container: str, reason: str, message: str) -> Reason:
        if container:
            self.kubelet.event(pod, "Warning", reasons.FAILED, f"Error: {reason}", container)
        return Reason(reason, message)


def _rounded(span: Micros) -> str:
    return go_duration(span // MILLISECOND * MILLISECOND)
