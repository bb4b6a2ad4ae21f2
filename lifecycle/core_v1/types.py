"""A typed view of what a kubelet reads in a Pod's spec.

The JSON object stays the truth: these structs are read from it, leave out what nobody here asks for, and are never
written back. They expect a spec that was accepted (decoded, defaulted, validated) or that a real cluster gave out.
Kubernetes: staging/src/k8s.io/api/core/v1/types.go
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

Object = dict[str, Any]
IntOrString = int | str
Quantity = str | int | float
"""A quantity as JSON may hold it; `quantity.py` reads it."""


class Type(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """What all of these are: unchangeable, made by keyword, with Kubernetes' own names in JSON."""


class ExecAction(Type, frozen=True, kw_only=True):
    command: tuple[str, ...] = ()


class HTTPHeader(Type, frozen=True, kw_only=True):
    name: str
    value: str = ""


class HTTPGetAction(Type, frozen=True, kw_only=True):
    port: IntOrString
    path: str = "/"
    host: str = ""
    scheme: str = "HTTP"
    http_headers: tuple[HTTPHeader, ...] = ()


class TCPSocketAction(Type, frozen=True, kw_only=True):
    port: IntOrString
    host: str = ""


class GRPCAction(Type, frozen=True, kw_only=True):
    port: int
    service: str = ""


class SleepAction(Type, frozen=True, kw_only=True):
    seconds: int = 0


class Probe(Type, frozen=True, kw_only=True):
    """One of four handlers, and when it is tried. Times are whole seconds."""

    exec: ExecAction | None = None
    http_get: HTTPGetAction | None = None
    tcp_socket: TCPSocketAction | None = None
    grpc: GRPCAction | None = None
    initial_delay_seconds: int = 0
    timeout_seconds: int = 1
    period_seconds: int = 10
    success_threshold: int = 1
    failure_threshold: int = 3
    termination_grace_period_seconds: int | None = None


class LifecycleHandler(Type, frozen=True, kw_only=True):
    exec: ExecAction | None = None
    http_get: HTTPGetAction | None = None
    tcp_socket: TCPSocketAction | None = None
    sleep: SleepAction | None = None


class Lifecycle(Type, frozen=True, kw_only=True):
    post_start: LifecycleHandler | None = None
    pre_stop: LifecycleHandler | None = None


class ContainerPort(Type, frozen=True, kw_only=True):
    container_port: int
    name: str = ""


class KeySelector(Type, frozen=True, kw_only=True):
    """A key of a ConfigMap or Secret: configMapKeyRef, secretKeyRef."""

    key: str
    name: str = ""
    optional: bool = False


class ObjectFieldSelector(Type, frozen=True, kw_only=True):
    field_path: str


class ResourceFieldSelector(Type, frozen=True, kw_only=True):
    resource: str
    container_name: str = ""
    divisor: Quantity = "0"


class FileKeySelector(Type, frozen=True, kw_only=True):
    volume_name: str
    path: str
    key: str
    optional: bool = False


class EnvVarSource(Type, frozen=True, kw_only=True):
    field_ref: ObjectFieldSelector | None = None
    resource_field_ref: ResourceFieldSelector | None = None
    config_map_key_ref: KeySelector | None = None
    secret_key_ref: KeySelector | None = None
    file_key_ref: FileKeySelector | None = None


class EnvVar(Type, frozen=True, kw_only=True):
    name: str
    value: str = ""
    value_from: EnvVarSource | None = None


class EnvFromRef(Type, frozen=True, kw_only=True):
    """A whole ConfigMap or Secret: configMapRef, secretRef."""

    name: str = ""
    optional: bool = False


class EnvFromSource(Type, frozen=True, kw_only=True):
    prefix: str = ""
    config_map_ref: EnvFromRef | None = None
    secret_ref: EnvFromRef | None = None


class VolumeMount(Type, frozen=True, kw_only=True):
    name: str
    mount_path: str
    sub_path: str = ""
    sub_path_expr: str = ""
    read_only: bool = False
    recursive_read_only: str | None = None


class ResourceRequirements(Type, frozen=True, kw_only=True):
    limits: dict[str, Quantity] = {}
    requests: dict[str, Quantity] = {}


class ContainerResizePolicy(Type, frozen=True, kw_only=True):
    resource_name: str
    restart_policy: str


class ExitCodes(Type, frozen=True, kw_only=True):
    """Kubernetes: ContainerRestartRuleOnExitCodes. `operator` is In or NotIn."""

    operator: str
    values: tuple[int, ...] = ()


class ContainerRestartRule(Type, frozen=True, kw_only=True):
    """`action` is Restart or RestartAllContainers."""

    action: str
    exit_codes: ExitCodes | None = None


class SecurityContext(Type, frozen=True, kw_only=True):
    """What a container may; the kinds of profile stay as JSON has them."""

    privileged: bool | None = None
    run_as_user: int | None = None
    run_as_group: int | None = None
    run_as_non_root: bool | None = None
    read_only_root_filesystem: bool | None = None
    seccomp_profile: Object | None = None
    capabilities: Object | None = None


class Container(Type, frozen=True, kw_only=True):
    """A regular, init or ephemeral container (`target_container_name` is an ephemeral one's alone)."""

    name: str
    image: str = ""
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    working_dir: str = ""
    ports: tuple[ContainerPort, ...] = ()
    env_from: tuple[EnvFromSource, ...] = ()
    env: tuple[EnvVar, ...] = ()
    resources: ResourceRequirements = ResourceRequirements()
    resize_policy: tuple[ContainerResizePolicy, ...] = ()
    restart_policy: str | None = None
    restart_policy_rules: tuple[ContainerRestartRule, ...] = ()
    volume_mounts: tuple[VolumeMount, ...] = ()
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None
    startup_probe: Probe | None = None
    lifecycle: Lifecycle | None = None
    termination_message_path: str = "/dev/termination-log"
    termination_message_policy: str = "File"
    image_pull_policy: str = ""
    security_context: SecurityContext | None = None
    stdin: bool = False
    stdin_once: bool = False
    tty: bool = False
    target_container_name: str = ""


class Volume(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`type` is the field that names its source (emptyDir, configMap ...), `source` that field's JSON."""

    name: str
    type: str
    source: Object


class HostAlias(Type, frozen=True, kw_only=True):
    ip: str
    hostnames: tuple[str, ...] = ()


class PodSecurityContext(Type, frozen=True, kw_only=True):
    run_as_user: int | None = None
    run_as_group: int | None = None
    run_as_non_root: bool | None = None
    fs_group: int | None = None
    fs_group_change_policy: str | None = None
    supplemental_groups: tuple[int, ...] = ()
    seccomp_profile: Object | None = None


class PodDNSConfigOption(Type, frozen=True, kw_only=True):
    name: str = ""
    value: str | None = None


class PodDNSConfig(Type, frozen=True, kw_only=True):
    nameservers: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    options: tuple[PodDNSConfigOption, ...] = ()


class LocalObjectReference(Type, frozen=True, kw_only=True):
    name: str = ""


class PodReadinessGate(Type, frozen=True, kw_only=True):
    condition_type: str


class PodSpec(Type, frozen=True, kw_only=True):
    """What a kubelet minds of a Pod's spec. Times are whole seconds."""

    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()
    ephemeral_containers: tuple[Container, ...] = ()
    volumes: tuple[Volume, ...] = ()
    restart_policy: str = "Always"
    termination_grace_period_seconds: int = 30
    active_deadline_seconds: int | None = None
    dns_policy: str = "ClusterFirst"
    dns_config: PodDNSConfig | None = None
    host_network: bool = False
    host_pid: bool = msgspec.field(name="hostPID", default=False)
    share_process_namespace: bool = False
    security_context: PodSecurityContext = PodSecurityContext()
    image_pull_secrets: tuple[LocalObjectReference, ...] = ()
    hostname: str = ""
    hostname_override: str | None = None
    subdomain: str = ""
    set_hostname_as_fqdn: bool = msgspec.field(name="setHostnameAsFQDN", default=False)
    host_aliases: tuple[HostAlias, ...] = ()
    readiness_gates: tuple[PodReadinessGate, ...] = ()
    overhead: dict[str, Quantity] = {}
    resources: ResourceRequirements | None = None

    def all_containers(self) -> Iterator[tuple[str, Container]]:
        """Yield each container with the field that lists it: initContainers first, then containers, then ephemeral ones."""
        for field, containers in (
            ("initContainers", self.init_containers),
            ("containers", self.containers),
            ("ephemeralContainers", self.ephemeral_containers),
        ):
            for container in containers:
                yield field, container


def sidecar(container: Container) -> bool:
    """Return whether an init container is one that keeps running (restartPolicy: Always)."""
    return container.restart_policy == "Always"


def volume(obj: Object) -> Volume:
    """Return the typed view of one of spec.volumes; without a source it is an emptyDir, as the defaults say."""
    kind = next((field for field, value in obj.items() if field != "name" and value is not None), "emptyDir")
    return Volume(name=obj["name"], type=kind, source=obj.get(kind) or {})


def pod_spec(obj: Object) -> PodSpec:
    """Return the typed view of a Pod object's spec.

    Raises: msgspec.ValidationError where a field has another type than Kubernetes gives it.
    """
    spec = {field: value for field, value in obj.get("spec", {}).items() if value is not None}
    volumes = tuple(volume(v) for v in spec.pop("volumes", ()))
    typed = msgspec.convert(spec, PodSpec)
    return msgspec.structs.replace(typed, volumes=volumes) if volumes else typed
