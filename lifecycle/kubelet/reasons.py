"""The reasons that kubectl shows, spelled as Kubernetes spells them.

Kubernetes: pkg/kubelet/events, pkg/kubelet/images/types.go, pkg/kubelet/container/sync_result.go
"""

from __future__ import annotations

# Waiting containers.
CONTAINER_CREATING = "ContainerCreating"
POD_INITIALIZING = "PodInitializing"
CRASH_LOOP_BACK_OFF = "CrashLoopBackOff"
ERR_IMAGE_PULL = "ErrImagePull"
IMAGE_PULL_BACK_OFF = "ImagePullBackOff"
ERR_IMAGE_NEVER_PULL = "ErrImageNeverPull"
INVALID_IMAGE_NAME = "InvalidImageName"
REGISTRY_UNAVAILABLE = "RegistryUnavailable"
SIGNATURE_VALIDATION_FAILED = "SignatureValidationFailed"
CREATE_CONTAINER_CONFIG_ERROR = "CreateContainerConfigError"
CREATE_CONTAINER_ERROR = "CreateContainerError"
RUN_CONTAINER_ERROR = "RunContainerError"
POST_START_HOOK_ERROR = "PostStartHookError"
RESTARTING_ALL_CONTAINERS = "RestartingAllContainers"

# Terminated containers.
ERROR = "Error"
OOM_KILLED = "OOMKilled"
START_ERROR = "StartError"
CONTAINER_STATUS_UNKNOWN = "ContainerStatusUnknown"

# Conditions.
CONTAINERS_NOT_READY = "ContainersNotReady"
CONTAINERS_NOT_INITIALIZED = "ContainersNotInitialized"
UNKNOWN_CONTAINER_STATUSES = "UnknownContainerStatuses"
READINESS_GATES_NOT_READY = "ReadinessGatesNotReady"
POD_COMPLETED = "PodCompleted"
POD_FAILED = "PodFailed"
RESTART_ALL_CONTAINERS_STARTED = "RestartAllContainersStarted"
DNS_CONFIG_FORMING = "DNSConfigForming"
TERMINATION_BY_KUBELET = "TerminationByKubelet"

# Pods.
DEADLINE_EXCEEDED = "DeadlineExceeded"
EVICTED = "Evicted"
PREEMPTING = "Preempting"

# Events.
BACK_OFF = "BackOff"
CREATED = "Created"
STARTED = "Started"
KILLING = "Killing"
PULLING = "Pulling"
PULLED = "Pulled"
FAILED = "Failed"
INSPECT_FAILED = "InspectFailed"
UNHEALTHY = "Unhealthy"
PROBE_WARNING = "ProbeWarning"
FAILED_MOUNT = "FailedMount"
FAILED_POST_START_HOOK = "FailedPostStartHook"
FAILED_PRE_STOP_HOOK = "FailedPreStopHook"
FAILED_CREATE_POD_SANDBOX = "FailedCreatePodSandBox"
SANDBOX_CHANGED = "SandboxChanged"
FAILED_TO_RETRIEVE_IMAGE_PULL_SECRET = "FailedToRetrieveImagePullSecret"
NETWORK_NOT_READY = "NetworkNotReady"
RESIZE_STARTED = "ResizeStarted"
RESIZE_COMPLETED = "ResizeCompleted"
RESIZE_DEFERRED = "ResizeDeferred"
RESIZE_INFEASIBLE = "ResizeInfeasible"
RESIZE_ERROR = "ResizeError"
