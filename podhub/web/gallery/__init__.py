"""Manifests to start from, each with a sentence on what will happen."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec
from django.utils.translation import gettext_lazy as _

FOLDER = Path(__file__).parent

SENTENCES = {
    "liveness-exec": _("Its liveness probe fails after 30 s: Unhealthy ×3, Killing, and a restart, again and again."),
    "liveness-http": _("Answers 200 for ten seconds, then 500: the kubelet restarts it until it backs off."),
    "startup-named-port": _("A startup probe holds the liveness probe back; then one bad answer is enough for a restart."),
    "goproxy": _("TCP probes: not ready for 15 s, because the readiness probe waits that long."),
    "hook-demo1": _("A postStart hook writes a file before the container counts as running."),
    "lifecycle-demo": _("postStart and preStop together: delete the Pod and watch nginx quit by itself."),
    "lifecycle-events": _("A postStart hook that cannot be run: FailedPostStartHook, Killing, back-off."),
    "hook-demo2-3": _("Two Pods with preStop hooks in one file; one hides its own programs behind a volume."),
    "prestop-deregister": _(
        "A preStop hook that deregisters and then sleeps 30 s: delete it and watch the grace period run out."
    ),
    "myapp-pod": _("Two init containers wait for Services that do not exist yet: Init:0/2, until you create them."),
    "myapp-services": _("The Services that myapp-pod waits for."),
    "init-demo": _("An init container fetches a page into a volume; nginx serves it afterwards."),
    "sidecar": _("A sidecar (an init container that goes on running) starts before the application does."),
    "two-containers": _("Two containers share a volume; one ends at once, the other serves what it wrote."),
    "mypod": _("One container and nothing else: Pending, ContainerCreating, Running."),
    "full-fields-nginx": _("Nearly every field at once; its postStart hook fails where /data cannot be made."),
    "host-namespaces": _("On the host’s network, with a second container that waits for input."),
    "node-selector": _("Asks for a node with an SSD; there is none, so it stays Pending: FailedScheduling."),
    "liveness-probe-example-1": _("A liveness probe that always succeeds, first after 5 s, then every 10 s."),
    "liveness-probe-example-2": _("The same probe, first after 10 s, then every 5 s."),
    "test-liveness-exec": _("liveness-exec with another image name and rm -rf."),
}
"""What happens in each, the best to start with first."""


class Manifest(msgspec.Struct, frozen=True):
    """A manifest of the gallery: its file's stem, a lazily translated sentence, and its text."""

    name: str
    sentence: object
    text: str


@cache
def gallery() -> tuple[Manifest, ...]:
    return tuple(Manifest(name, text, (FOLDER / f"{name}.yaml").read_text()) for name, text in SENTENCES.items())


def named(name: str) -> Manifest | None:
    return next((manifest for manifest in gallery() if manifest.name == name), None)
