"""The values that fields of text may have, and what they have by default, as Kubernetes' OpenAPI lists them.

Kubernetes 1.36: +enum of api/core/v1, api/discovery/v1
"""

from __future__ import annotations

_TABLE = """
AppArmorProfile.type Localhost RuntimeDefault Unconfined
AzureDiskVolumeSource.cachingMode None ReadOnly ReadWrite
AzureDiskVolumeSource.kind Dedicated Managed Shared
Container.imagePullPolicy Always IfNotPresent Never
Container.terminationMessagePolicy FallbackToLogsOnError File
ContainerPort.protocol SCTP TCP UDP
EndpointPort.protocol SCTP TCP UDP
core.EndpointPort.protocol SCTP TCP UDP
EndpointSlice.addressType FQDN IPv4 IPv6
EphemeralContainer.imagePullPolicy Always IfNotPresent Never
EphemeralContainer.terminationMessagePolicy FallbackToLogsOnError File
HTTPGetAction.scheme HTTP HTTPS
HostPathVolumeSource.type "" BlockDevice CharDevice Directory DirectoryOrCreate File FileOrCreate Socket
ImageVolumeSource.pullPolicy Always IfNotPresent Never
ModifyVolumeStatus.status InProgress Infeasible Pending
NamespaceStatus.phase Active Terminating
NodeSelectorRequirement.operator DoesNotExist Exists Gt In Lt NotIn
NodeStatus.phase Pending Running Terminated
PersistentVolumeClaimSpec.accessModes ReadOnlyMany ReadWriteMany ReadWriteOnce ReadWriteOncePod
PersistentVolumeClaimSpec.volumeMode Block Filesystem
PersistentVolumeClaimStatus.accessModes ReadOnlyMany ReadWriteMany ReadWriteOnce ReadWriteOncePod
PersistentVolumeClaimStatus.allocatedResourceStatuses ControllerResizeInProgress ControllerResizeInfeasible \
    NodeResizeInProgress NodeResizeInfeasible NodeResizePending
PersistentVolumeClaimStatus.phase Bound Lost Pending
PersistentVolumeSpec.accessModes ReadOnlyMany ReadWriteMany ReadWriteOnce ReadWriteOncePod
PersistentVolumeSpec.persistentVolumeReclaimPolicy Delete Recycle Retain
PersistentVolumeSpec.volumeMode Block Filesystem
PersistentVolumeStatus.phase Available Bound Failed Pending Released
PodSecurityContext.fsGroupChangePolicy Always OnRootMismatch
PodSecurityContext.supplementalGroupsPolicy Merge Strict
PodSpec.dnsPolicy ClusterFirst ClusterFirstWithHostNet Default None
PodSpec.preemptionPolicy Never PreemptLowerPriority
PodSpec.restartPolicy Always Never OnFailure
PodStatus.phase Failed Pending Running Succeeded Unknown
PodStatus.qosClass BestEffort Burstable Guaranteed
PortStatus.protocol SCTP TCP UDP
ResourceQuotaSpec.scopes BestEffort CrossNamespacePodAffinity NotBestEffort NotTerminating PriorityClass Terminating \
    VolumeAttributesClass
ScopedResourceSelectorRequirement.operator DoesNotExist Exists In NotIn
ScopedResourceSelectorRequirement.scopeName BestEffort CrossNamespacePodAffinity NotBestEffort NotTerminating PriorityClass \
    Terminating VolumeAttributesClass
SeccompProfile.type Localhost RuntimeDefault Unconfined
SecurityContext.procMount Default Unmasked
ServicePort.protocol SCTP TCP UDP
ServiceSpec.ipFamilies "" IPv4 IPv6
ServiceSpec.externalTrafficPolicy Cluster Local
ServiceSpec.internalTrafficPolicy Cluster Local
ServiceSpec.ipFamilyPolicy PreferDualStack RequireDualStack SingleStack
ServiceSpec.sessionAffinity ClientIP None
ServiceSpec.type ClusterIP ExternalName LoadBalancer NodePort
Taint.effect NoExecute NoSchedule PreferNoSchedule
Toleration.effect NoExecute NoSchedule PreferNoSchedule
Toleration.operator Equal Exists Gt Lt
TopologySpreadConstraint.nodeAffinityPolicy Honor Ignore
TopologySpreadConstraint.nodeTaintsPolicy Honor Ignore
TopologySpreadConstraint.whenUnsatisfiable DoNotSchedule ScheduleAnyway
VolumeMount.mountPropagation Bidirectional HostToContainer None
"""

_SIGNALS = """
ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT RTMAX RTMIN SEGV STKFLT STOP SYS TERM TRAP TSTP
TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ
"""
_REALTIME = (*(f"RTMAX-{n}" for n in range(1, 15)), *(f"RTMIN+{n}" for n in range(1, 16)))
_SIGNAL_NAMES = tuple(sorted(f"SIG{name}" for name in (*_SIGNALS.split(), *_REALTIME)))

ENUMS: dict[str, tuple[str, ...]] = {
    name: tuple("" if value == '""' else value for value in values)
    for name, *values in (line.split() for line in _TABLE.strip().splitlines())
} | {"ContainerStatus.stopSignal": _SIGNAL_NAMES, "Lifecycle.stopSignal": _SIGNAL_NAMES}

_DEFAULTS = """
AzureDiskVolumeSource.cachingMode ReadWrite
AzureDiskVolumeSource.fsType ext4
AzureDiskVolumeSource.kind Shared
ContainerPort.protocol TCP
ISCSIPersistentVolumeSource.iscsiInterface default
ISCSIVolumeSource.iscsiInterface default
RBDPersistentVolumeSource.keyring /etc/ceph/keyring
RBDPersistentVolumeSource.pool rbd
RBDPersistentVolumeSource.user admin
RBDVolumeSource.keyring /etc/ceph/keyring
RBDVolumeSource.pool rbd
RBDVolumeSource.user admin
ScaleIOPersistentVolumeSource.fsType xfs
ScaleIOPersistentVolumeSource.storageMode ThinProvisioned
ScaleIOVolumeSource.fsType xfs
ScaleIOVolumeSource.storageMode ThinProvisioned
ConfigMapEnvSource.name ""
ConfigMapKeySelector.name ""
ConfigMapProjection.name ""
ConfigMapVolumeSource.name ""
GRPCAction.service ""
LocalObjectReference.name ""
SecretEnvSource.name ""
SecretKeySelector.name ""
SecretProjection.name ""
ServicePort.protocol TCP
"""

DEFAULTS: dict[str, str | bool] = {
    name: "" if value == '""' else value for name, value in (line.split() for line in _DEFAULTS.strip().splitlines())
} | {"AzureDiskVolumeSource.readOnly": False, "FileKeySelector.optional": False}
"""What fields hold where nothing is said of them. Kubernetes 1.36: +default of api/core/v1"""
