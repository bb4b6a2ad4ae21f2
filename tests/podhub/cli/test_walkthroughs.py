"""Every manifest of the gallery, followed as the tutorial that it stems from tells: what is done, and seen, at which second."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.podhub.cli.reader import GALLERY, Reader

Step = tuple[float, Callable[..., None], tuple[str, ...]]


def at(second: float, what: Callable[..., None], *words: str) -> Step:
    return second, what, words


def row(reader: Reader, pod: str, shown: str) -> None:
    assert re.sub(r" \(\w+ ago\)", "", reader.row(pod)) == shown


def gone(reader: Reader, pod: str) -> None:
    assert reader.row(pod) == ""


def event(reader: Reader, pod: str, pattern: str) -> None:
    assert re.search(pattern, reader.events(pod)), reader.events(pod)


def no_event(reader: Reader, pod: str, pattern: str) -> None:
    assert not re.search(pattern, reader.events(pod)), reader.events(pod)


def logs(reader: Reader, pod: str, container: str, pattern: str) -> None:
    assert re.search(pattern, reader.logs(pod, container)), reader.logs(pod, container)


def runs(reader: Reader, pod: str, container: str, command: str, pattern: str) -> None:
    """A shell command in a container, and what it writes."""
    output = reader.exec(pod, container, "sh", "-c", command)
    assert re.search(pattern, output), output


def probed(reader: Reader, pod: str, first: str, every: str) -> None:
    """The second of the first attempt after the container's start, and of how many seconds it was told that they repeat."""
    told = reader.probes(pod)
    assert [trace.body["result"] for trace in told] == ["success"]
    assert reader.second(told[0].at) == pytest.approx(float(first), abs=0.7)
    assert told[0].body["every"] == int(every)


POST_STARTED = "^Hello from the postStart handler\n$"
FROM_DEBIAN = "^Hello from the debian container\n$"
apply, delete, label = Reader.apply, Reader.delete, Reader.label

WALKTHROUGHS: dict[str, list[Step]] = {
    "liveness-exec": [
        at(0, apply, "liveness-exec"),
        at(25, row, "liveness-exec", "1/1 Running 0"),
        at(30, no_event, "liveness-exec", "Unhealthy"),
        at(
            37,
            event,
            "liveness-exec",
            "Unhealthy .*Liveness probe failed: cat: can't open '/tmp/healthy': No such file",
        ),
        at(47, event, "liveness-exec", r"\(x3 over .*Unhealthy"),
        at(47, event, "liveness-exec", "Killing .*Container liveness failed liveness probe, will be restarted"),
        at(70, row, "liveness-exec", "1/1 Running 0"),
        at(78, row, "liveness-exec", "1/1 Running 1"),
    ],
    "test-liveness-exec": [
        at(0, apply, "test-liveness-exec"),
        at(30, row, "test-liveness-exec", "1/1 Running 0"),
        at(37, event, "test-liveness-exec", "Unhealthy .*Liveness probe failed: cat: "),
        at(80, row, "test-liveness-exec", "1/1 Running 1"),
    ],
    "liveness-http": [
        at(0, apply, "liveness-http"),
        at(10, no_event, "liveness-http", "Unhealthy"),
        at(20, event, "liveness-http", "Unhealthy .*Liveness probe failed: HTTP probe failed with statuscode: 500"),
        at(20, event, "liveness-http", "Killing .*Container liveness failed liveness probe, will be restarted"),
        at(25, event, "liveness-http", r"\(x2 over .*Started"),
    ],
    "goproxy": [
        at(0, apply, "goproxy"),
        at(10, row, "goproxy", "0/1 Running 0"),
        at(35, row, "goproxy", "1/1 Running 0"),
        at(60, no_event, "goproxy", "Unhealthy"),
    ],
    "startup-named-port": [
        at(0, apply, "startup-named-port"),
        at(5, row, "startup-named-port", "0/1 Running 0"),
        at(15, row, "startup-named-port", "1/1 Running 0"),
        at(25, event, "startup-named-port", "Killing .*Container app failed liveness probe, will be restarted"),
    ],
    "liveness-probe-example-1": [
        at(0, apply, "liveness-probe-example-1"),
        at(300, row, "liveness-probe-example-1", "1/1 Running 0"),
        at(300, no_event, "liveness-probe-example-1", "Unhealthy"),
        at(300, probed, "liveness-probe-example-1", "10", "10"),
    ],
    "liveness-probe-example-2": [
        at(0, apply, "liveness-probe-example-2"),
        at(300, row, "liveness-probe-example-2", "1/1 Running 0"),
        at(300, no_event, "liveness-probe-example-2", "Unhealthy"),
        at(300, probed, "liveness-probe-example-2", "15", "5"),
    ],
    "hook-demo1": [
        at(0, apply, "hook-demo1"),
        at(5, row, "hook-demo1", "1/1 Running 0"),
        at(5, runs, "hook-demo1", "hook-demo1", "cat /usr/share/message", POST_STARTED),
    ],
    "lifecycle-demo": [
        at(0, apply, "lifecycle-demo"),
        at(5, row, "lifecycle-demo", "1/1 Running 0"),
        at(
            5,
            runs,
            "lifecycle-demo",
            "lifecycle-demo-container",
            "cat /usr/share/message",
            POST_STARTED,
        ),
        at(20, delete, "lifecycle-demo"),
        at(20.1, event, "lifecycle-demo", "Killing .*Stopping container lifecycle-demo-container"),
        at(23, gone, "lifecycle-demo"),
        at(23, logs, "lifecycle-demo", "lifecycle-demo-container", "gracefully shutting down"),
        at(23, no_event, "lifecycle-demo", "FailedPreStopHook"),
    ],
    "lifecycle-events": [
        at(0, apply, "lifecycle-events"),
        at(2.5, event, "lifecycle-demo", "FailedPostStartHook .*PostStartHook failed"),
        at(2.5, event, "lifecycle-demo", "Killing .*FailedPostStartHook"),
        at(8, event, "lifecycle-demo", "BackOff .*Back-off restarting failed container lifecycle-demo-container"),
        at(8, row, "lifecycle-demo", "0/1 CrashLoopBackOff 1"),
    ],
    "hook-demo2-3": [
        at(0, apply, "hook-demo2-3"),
        at(5, row, "hook-demo2", "1/1 Running 0"),
        at(5, row, "hook-demo3", "1/1 Running 0"),
        at(5, runs, "hook-demo3", "hook-demo2", "ls /usr/share/nginx", "No such file or directory"),
        at(20, delete, "hook-demo2"),
        at(23, gone, "hook-demo2"),
        at(23, delete, "hook-demo3"),
        at(26, gone, "hook-demo3"),
        at(26, no_event, "hook-demo3", "FailedPreStopHook"),
        at(30, apply, "hook-demo2-3"),
        at(35, runs, "hook-demo3", "hook-demo2", "cat /usr/share/message", "^Hello from the preStop Handler\n$"),
    ],
    "prestop-deregister": [
        at(0, apply, "prestop-deregister"),
        at(5, row, "abcdocker", "1/1 Running 0"),
        at(10, delete, "abcdocker"),
        at(38, row, "abcdocker", "1/1 Terminating 0"),
        at(43, gone, "abcdocker"),
    ],
    "myapp-pod": [
        at(0, apply, "myapp-pod"),
        at(10, row, "myapp-pod", "0/1 Init:0/2 0"),
        at(10, event, "myapp-pod", "Started .*"),
        at(10, logs, "myapp-pod", "init-myservice", "waiting for myservice"),
        at(60, row, "myapp-pod", "0/1 Init:0/2 0"),
        at(61, apply, "myapp-services"),
        at(75, row, "myapp-pod", "1/1 Running 0"),
        at(75, logs, "myapp-pod", "myapp-container", "^The app is running!\n$"),
    ],
    "myapp-services": [
        at(0, apply, "myapp-services"),
        at(5, apply, "myapp-pod"),
        at(15, row, "myapp-pod", "1/1 Running 0"),
    ],
    "init-demo": [
        at(0, apply, "init-demo"),
        at(10, row, "init-demo", "1/1 Running 0"),
        at(10, logs, "init-demo", "install", "saving to '/work-dir/index.html'"),
        at(10, runs, "init-demo", "web", "cat /usr/share/nginx/html/index.html", "(?i)<html"),
    ],
    "sidecar": [
        at(0, apply, "sidecar"),
        at(10, row, "sidecar-demo", "2/2 Running 0"),
        at(20, delete, "sidecar-demo"),
        at(20.1, event, "sidecar-demo", "Killing .*Stopping container network-proxy"),
        at(30, gone, "sidecar-demo"),
    ],
    "two-containers": [
        at(0, apply, "two-containers"),
        at(10, row, "two-containers", "1/2 NotReady 0"),
        at(
            10,
            runs,
            "two-containers",
            "nginx-container",
            "cat /usr/share/nginx/html/index.html",
            FROM_DEBIAN,
        ),
    ],
    "mypod": [
        at(0, apply, "mypod"),
        at(0, row, "mypod", "0/1 Pending 0"),
        at(0.2, row, "mypod", "0/1 ContainerCreating 0"),
        at(5, row, "mypod", "1/1 Running 0"),
    ],
    "full-fields-nginx": [
        at(0, apply, "full-fields-nginx"),
        at(0.2, row, "nginx", "0/1 Init:0/1 0"),
        at(10, row, "nginx", "0/1 Running 0"),
        at(10, event, "nginx", r"Unable to retrieve some image pull secrets \(default-dockercfg-86258\)"),
        at(10, event, "nginx", "Unhealthy .*Readiness probe failed: HTTP probe failed with statuscode: 403"),
        at(10, logs, "nginx", "init-container", "I am InitContainer for init some configuration"),
        at(10, runs, "nginx", "nginx", "ls -d /data; pwd; echo $TZ", "/data\n/usr/share/nginx/html\nAsia/Shanghai"),
        at(100, row, "nginx", "0/1 Running 0"),
        at(100, delete, "nginx"),
        at(103, gone, "nginx"),
    ],
    "host-namespaces": [
        at(0, apply, "host-namespaces"),
        at(5, row, "nginx", "2/2 Running 0"),
        at(5, runs, "nginx", "shell", "hostname; wget -q -O - http://localhost", "(?s)^node1\n.*Welcome to nginx!"),
        at(5, runs, "nginx", "shell", "ps ax", "(?s)/sbin/init\n.*kubelet.*nginx: master process.*nginx: worker.* sh\n"),
    ],
    "node-selector": [
        at(0, apply, "node-selector"),
        at(5, row, "needs-ssd", "0/1 Pending 0"),
        at(
            5,
            event,
            "needs-ssd",
            r"FailedScheduling .*0/1 nodes are available: 1 node\(s\) didn't match Pod's node",
        ),
        at(20, label, "node1", "disktype=ssd"),
        at(30, row, "needs-ssd", "1/1 Running 0"),
    ],
}


@pytest.mark.parametrize("manifest", WALKTHROUGHS)
def test_a_walkthrough_holds(manifest: str) -> None:
    reader = Reader()
    for second, what, words in WALKTHROUGHS[manifest]:
        reader.wait_until(max(second, reader.now))
        what(reader, *words)


def test_every_manifest_of_the_gallery_has_a_walkthrough() -> None:
    assert set(WALKTHROUGHS) == {path.stem for path in GALLERY.glob("*.yaml")}
