"""The values that fields of text may have, as Kubernetes' OpenAPI lists them: `Type.field` and its values.

Kubernetes 1.36: +enum of api/core/v1, api/discovery/v1
"""

from __future__ import annotations

_TABLE = """
AppArmorProfile.type Localhost RuntimeDefault Unconfined
Container.imagePullPolicy Always IfNotPresent Never
Container.terminationMessagePolicy FallbackToLogsOnError File
ContainerPort.protocol SCTP TCP UDP
EndpointPort.protocol SCTP TCP UDP
EndpointSlice.addressType FQDN IPv4 IPv6
EphemeralContainer.imagePullPolicy Always IfNotPresent Never
EphemeralContainer.terminationMessagePolicy FallbackToLogsOnError File
HTTPGetAction.scheme HTTP HTTPS
ImageVolumeSource.pullPolicy Always IfNotPresent Never
NamespaceStatus.phase Active Terminating
NodeSelectorRequirement.operator DoesNotExist Exists Gt In Lt NotIn
NodeStatus.phase Pending Running Terminated
PersistentVolumeClaimSpec.volumeMode Block Filesystem
PersistentVolumeClaimStatus.phase Bound Lost Pending
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
SeccompProfile.type Localhost RuntimeDefault Unconfined
SecurityContext.procMount Default Unmasked
ServicePort.protocol SCTP TCP UDP
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

ENUMS: dict[str, tuple[str, ...]] = {
    name: tuple(values) for name, *values in (line.split() for line in _TABLE.strip().splitlines())
}
