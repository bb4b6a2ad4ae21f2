"""The containers of a description: what each is told to do, and what became of it.

Kubernetes: kubectl/pkg/describe (describeContainers, DescribeProbe).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from urllib.parse import quote

from lifecycle.core_v1.field import quote as go_quoted
from lifecycle.core_v1.quantity import parse
from lifecycle.printers.environment import environment, environment_from
from lifecycle.printers.metadata import NONE, Object, time_text

HOST_SAFE = "!$&'()*+,;=:[]<>\""
PATH_SAFE = "$&+,/:;=@"


def containers(title: str, specs: Sequence[Object] | None, statuses: Sequence[Object] | None, pod: Object) -> Iterator[str]:
    """Yield the blocks of one list of containers; a container that has no status yet tells only its specification."""
    known = {status["name"]: status for status in statuses or ()}
    yield f"{title}:" if specs else f"{title}: {NONE}"
    for spec in specs or ():
        status = known.get(spec["name"])
        yield f"  {spec['name']}:"
        yield from _image(spec, status)
        yield from _ports(spec.get("ports") or ())
        yield from _seccomp(spec)
        yield from _words("Command", spec.get("command"))
        yield from _words("Args", spec.get("args"))
        if status is not None:
            yield from _status(status)
        yield from resources(spec.get("resources") or {}, "    ")
        yield from _probes(spec)
        yield from environment_from(spec)
        yield from environment(spec, pod)
        yield from _mounts(spec)


def resources(requirements: Object, indent: str) -> Iterator[str]:
    """Yield limits and requests, each by the resource's name."""
    for title in ("Limits", "Requests"):
        quantities = requirements.get(title.lower())
        if quantities:
            yield f"{indent}{title}:"
        for name, quantity in sorted((quantities or {}).items()):
            yield f"{indent}  {name}:\t{parse(str(quantity))}"


def _image(spec: Object, status: Object | None) -> Iterator[str]:
    if status is not None:
        yield f"    Container ID:\t{status.get('containerID', '')}"
    yield f"    Image:\t{spec.get('image', '')}"
    if status is not None:
        yield f"    Image ID:\t{status.get('imageID', '')}"


def _ports(ports: Sequence[Object]) -> Iterator[str]:
    many = "s" if len(ports) > 1 else ""
    for title, field in (("Port", "containerPort"), ("Host Port", "hostPort")):
        texts = [f"{port.get(field) or 0}/{port.get('protocol', '')}{_named(port)}" for port in ports]
        yield f"    {title}{many}:\t{', '.join(texts) or NONE}"


def _named(port: Object) -> str:
    return f" ({port['name']})" if port.get("name") else ""


def _seccomp(spec: Object) -> Iterator[str]:
    profile = (spec.get("securityContext") or {}).get("seccompProfile")
    if profile:
        yield f"    SeccompProfile:\t{profile['type']}"
        if profile["type"] == "Localhost":
            yield f"      LocalhostProfile:\t{profile.get('localhostProfile', '')}"


def _words(title: str, words: Sequence[str] | None) -> Iterator[str]:
    if words:
        yield f"    {title}:"
    for word in words or ():
        for line in word.split("\n"):
            yield f"      {line}"


def _status(status: Object) -> Iterator[str]:
    yield from _state("State", status.get("state") or {})
    last = status.get("lastState") or {}
    if last.get("terminated"):
        yield from _state("Last State", last)
    yield f"    Ready:\t{'True' if status.get('ready') else 'False'}"
    yield f"    Restart Count:\t{status.get('restartCount') or 0}"


def _state(title: str, state: Object) -> Iterator[str]:
    running, terminated = state.get("running"), state.get("terminated")
    if running is not None:
        yield f"    {title}:\tRunning"
        yield f"      Started:\t{time_text(running.get('startedAt'))}"
    elif terminated is not None and state.get("waiting") is None:
        yield f"    {title}:\tTerminated"
        yield from _end(terminated)
    else:
        yield f"    {title}:\tWaiting"
        reason = (state.get("waiting") or {}).get("reason")
        if reason:
            yield f"      Reason:\t{reason}"


def _end(terminated: Object) -> Iterator[str]:
    for title in ("Reason", "Message"):
        if terminated.get(title.lower()):
            yield f"      {title}:\t{terminated[title.lower()]}"
    yield f"      Exit Code:\t{terminated.get('exitCode') or 0}"
    if (terminated.get("signal") or 0) > 0:
        yield f"      Signal:\t{terminated['signal']}"
    yield f"      Started:\t{time_text(terminated.get('startedAt'))}"
    yield f"      Finished:\t{time_text(terminated.get('finishedAt'))}"


def _probes(spec: Object) -> Iterator[str]:
    for title in ("Liveness", "Readiness", "Startup"):
        if spec.get(f"{title.lower()}Probe") is not None:
            yield f"    {title}:\t{probe_text(spec[f'{title.lower()}Probe'])}"


def probe_text(probe: Object) -> str:
    """Return a probe in one line, as `http-get http://:8080/healthz delay=3s timeout=1s period=10s #success=1 #failure=3`."""
    numbers = [probe.get(f"{name}Seconds") or 0 for name in ("initialDelay", "timeout", "period")]
    thresholds = [probe.get(f"{name}Threshold") or 0 for name in ("success", "failure")]
    schedule = "delay={}s timeout={}s period={}s #success={} #failure={}".format(*numbers, *thresholds)
    return f"{_handler(probe)} {schedule}"


def _handler(probe: Object) -> str:
    for field, text in _HANDLERS.items():
        if probe.get(field) is not None:
            return text(probe[field])
    return "unknown"


def _exec(action: Object) -> str:
    return f"exec [{' '.join(action.get('command') or ())}]"


def _http_get(action: Object) -> str:
    host, path = action.get("host") or "", action.get("path") or ""
    host = f"[{host}]" if ":" in host else host
    slash = "/" if path and not path.startswith("/") else ""
    path = path if path == "*" else quote(path, safe=PATH_SAFE)
    scheme = f"{action['scheme'].lower()}:" if action.get("scheme") else ""
    address = quote(f"{host}:{action.get('port', 0)}", safe=HOST_SAFE)
    return f"http-get {scheme}//{address}{slash}{path}"


def _tcp_socket(action: Object) -> str:
    return f"tcp-socket {action.get('host') or ''}:{action.get('port', 0)}"


def _grpc(action: Object) -> str:
    return f"grpc <pod>:{action.get('port', 0)} {action.get('service') or ''}"


_HANDLERS: Mapping[str, Callable[[Object], str]] = {
    "exec": _exec,
    "httpGet": _http_get,
    "tcpSocket": _tcp_socket,
    "grpc": _grpc,
}


def _mounts(spec: Object) -> Iterator[str]:
    mounts, devices = spec.get("volumeMounts") or (), spec.get("volumeDevices") or ()
    none = "" if mounts else f"\t{NONE}"
    yield f"    Mounts:{none}"
    for mount in sorted(mounts, key=lambda mount: str(mount["mountPath"])):
        yield f"      {mount['mountPath']} from {mount['name']} ({_mount_flags(mount)})"
    if devices:
        # kubectl says "<none>" here by whether there are mounts, not devices.
        yield f"    Devices:{none}"
    for device in sorted(devices, key=lambda device: str(device["devicePath"])):
        yield f"      {device['devicePath']} from {device['name']}"


def _mount_flags(mount: Object) -> str:
    flags = "ro" if mount.get("readOnly") else "rw"
    return f"{flags},path={go_quoted(mount['subPath'])}" if mount.get("subPath") else flags
