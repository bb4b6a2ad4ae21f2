"""The types of the API: which fields there are, of which type, and how each is written and merged.

One type a line: `Type: field=type field=type ...`, going on where the next line is indented. A type is

    string bool int32 int64 bytes Quantity Time MicroTime IntOrString UID any     what JSON or Go has
    Name            another type of this table; a name that is none is a string with a name of its own in Go
    [T] {T}         a list of T; a map from strings to T
    *T              a pointer: its zero value (0, "", false, {}) is written, and differs from none

and after it may stand

    !               written even when empty (in Go: no omitempty)
    #key            strategic merge patches merge the list by this key (`#` alone: a list of scalars)
    ^               such a patch may say which fields it retains

Structs that are no pointer are always written, also when empty (`resources: {}`).
Kubernetes 1.36: api/core/v1, discovery/v1, events/v1, coordination/v1, node/v1, policy/v1, rbac/v1,
scheduling/v1, storage/v1, apimachinery/pkg/apis/meta/v1
"""

TABLE = """
Pod: kind=string apiVersion=string metadata=ObjectMeta spec=PodSpec status=PodStatus
Service: kind=string apiVersion=string metadata=ObjectMeta spec=ServiceSpec status=ServiceStatus
ConfigMap: kind=string apiVersion=string metadata=ObjectMeta immutable=*bool data={string} binaryData={bytes}
Secret: kind=string apiVersion=string metadata=ObjectMeta immutable=*bool data={bytes} stringData={string} type=SecretType
Namespace: kind=string apiVersion=string metadata=ObjectMeta spec=NamespaceSpec status=NamespaceStatus
Node: kind=string apiVersion=string metadata=ObjectMeta spec=NodeSpec status=NodeStatus
Event: kind=string apiVersion=string metadata=ObjectMeta! involvedObject=ObjectReference! reason=string message=string
    source=EventSource firstTimestamp=Time lastTimestamp=Time count=int32 type=string eventTime=MicroTime series=*EventSeries
    action=string related=*ObjectReference reportingComponent=string! reportingInstance=string!
Endpoints: kind=string apiVersion=string metadata=ObjectMeta subsets=[EndpointSubset]
ServiceAccount: kind=string apiVersion=string metadata=ObjectMeta secrets=[ObjectReference]#name
    imagePullSecrets=[LocalObjectReference] automountServiceAccountToken=*bool
PersistentVolumeClaim: kind=string apiVersion=string metadata=ObjectMeta spec=PersistentVolumeClaimSpec
    status=PersistentVolumeClaimStatus
Binding: kind=string apiVersion=string metadata=ObjectMeta target=ObjectReference!
EndpointSlice: kind=string apiVersion=string metadata=ObjectMeta addressType=AddressType! endpoints=[Endpoint]!
    ports=[EndpointPort]!
events.Event: kind=string apiVersion=string metadata=ObjectMeta! eventTime=MicroTime! series=*events.EventSeries
    reportingController=string reportingInstance=string action=string reason=string regarding=ObjectReference
    related=*ObjectReference note=string type=string deprecatedSource=EventSource deprecatedFirstTimestamp=Time
    deprecatedLastTimestamp=Time deprecatedCount=int32
Lease: kind=string apiVersion=string metadata=ObjectMeta spec=LeaseSpec
PriorityClass: kind=string apiVersion=string metadata=ObjectMeta value=int32! globalDefault=bool description=string
    preemptionPolicy=*PreemptionPolicy
PersistentVolume: kind=string apiVersion=string metadata=ObjectMeta spec=PersistentVolumeSpec status=PersistentVolumeStatus
StorageClass: kind=string apiVersion=string metadata=ObjectMeta provisioner=string! parameters={string}
    reclaimPolicy=*PersistentVolumeReclaimPolicy mountOptions=[string] allowVolumeExpansion=*bool
    volumeBindingMode=*VolumeBindingMode allowedTopologies=[TopologySelectorTerm]
TopologySelectorTerm: matchLabelExpressions=[TopologySelectorLabelRequirement]
TopologySelectorLabelRequirement: key=string! values=[string]!
PodDisruptionBudget: kind=string apiVersion=string metadata=ObjectMeta spec=PodDisruptionBudgetSpec
    status=PodDisruptionBudgetStatus
PodDisruptionBudgetSpec: minAvailable=*IntOrString selector=*LabelSelector maxUnavailable=*IntOrString
    unhealthyPodEvictionPolicy=*UnhealthyPodEvictionPolicyType
PodDisruptionBudgetStatus: observedGeneration=int64 disruptedPods={Time} disruptionsAllowed=int32! currentHealthy=int32!
    desiredHealthy=int32! expectedPods=int32! conditions=[Condition]#type
Role: kind=string apiVersion=string metadata=ObjectMeta rules=[PolicyRule]!
RoleBinding: kind=string apiVersion=string metadata=ObjectMeta subjects=[Subject] roleRef=RoleRef!
ClusterRole: kind=string apiVersion=string metadata=ObjectMeta rules=[PolicyRule]! aggregationRule=*AggregationRule
ClusterRoleBinding: kind=string apiVersion=string metadata=ObjectMeta subjects=[Subject] roleRef=RoleRef!
PolicyRule: verbs=[string]! apiGroups=[string] resources=[string] resourceNames=[string] nonResourceURLs=[string]
AggregationRule: clusterRoleSelectors=[LabelSelector]
Subject: kind=string! apiGroup=string name=string! namespace=string
RoleRef: apiGroup=string! kind=string! name=string!
LimitRange: kind=string apiVersion=string metadata=ObjectMeta spec=LimitRangeSpec
LimitRangeSpec: limits=[LimitRangeItem]!
LimitRangeItem: type=LimitType! max=ResourceList min=ResourceList default=ResourceList defaultRequest=ResourceList
    maxLimitRequestRatio=ResourceList
ResourceQuota: kind=string apiVersion=string metadata=ObjectMeta spec=ResourceQuotaSpec status=ResourceQuotaStatus
ResourceQuotaSpec: hard=ResourceList scopes=[ResourceQuotaScope] scopeSelector=*ScopeSelector
ResourceQuotaStatus: hard=ResourceList used=ResourceList
ScopeSelector: matchExpressions=[ScopedResourceSelectorRequirement]
ScopedResourceSelectorRequirement: scopeName=ResourceQuotaScope! operator=ScopeSelectorOperator! values=[string]
RuntimeClass: kind=string apiVersion=string metadata=ObjectMeta handler=string! overhead=*Overhead scheduling=*Scheduling
Overhead: podFixed=ResourceList
Scheduling: nodeSelector={string} tolerations=[Toleration]
Fault: kind=string apiVersion=string metadata=ObjectMeta spec=any status=any
Eviction: kind=string apiVersion=string metadata=ObjectMeta deleteOptions=*DeleteOptions
DeleteOptions: kind=string apiVersion=string gracePeriodSeconds=*int64 preconditions=*Preconditions orphanDependents=*bool
    propagationPolicy=*DeletionPropagation dryRun=[string] ignoreStoreReadErrorWithClusterBreakingPotential=*bool
ObjectMeta: name=string generateName=string namespace=string selfLink=string uid=UID resourceVersion=string generation=int64
    creationTimestamp=*Time deletionTimestamp=*Time deletionGracePeriodSeconds=*int64 labels={string} annotations={string}
    ownerReferences=[OwnerReference]#uid finalizers=[string]# managedFields=[ManagedFieldsEntry]
PodSpec: volumes=[Volume]#name^ initContainers=[Container]#name containers=[Container]!#name
    ephemeralContainers=[EphemeralContainer]#name restartPolicy=RestartPolicy terminationGracePeriodSeconds=*int64
    activeDeadlineSeconds=*int64 dnsPolicy=DNSPolicy nodeSelector={string} serviceAccountName=string serviceAccount=string
    automountServiceAccountToken=*bool nodeName=string hostNetwork=bool hostPID=bool hostIPC=bool shareProcessNamespace=*bool
    securityContext=*PodSecurityContext imagePullSecrets=[LocalObjectReference]#name hostname=string subdomain=string
    affinity=*Affinity schedulerName=string tolerations=[Toleration] hostAliases=[HostAlias]#ip priorityClassName=string
    priority=*int32 dnsConfig=*PodDNSConfig readinessGates=[PodReadinessGate] runtimeClassName=*string
    enableServiceLinks=*bool preemptionPolicy=*PreemptionPolicy overhead=ResourceList
    topologySpreadConstraints=[TopologySpreadConstraint]#topologyKey setHostnameAsFQDN=*bool os=*PodOS hostUsers=*bool
    schedulingGates=[PodSchedulingGate]#name resourceClaims=[PodResourceClaim]#name^ resources=*ResourceRequirements
    hostnameOverride=*string schedulingGroup=*PodSchedulingGroup
PodStatus: observedGeneration=int64 phase=PodPhase conditions=[PodCondition]#type message=string reason=string
    nominatedNodeName=string hostIP=string hostIPs=[HostIP]#ip podIP=string podIPs=[PodIP]#ip startTime=*Time
    initContainerStatuses=[ContainerStatus] containerStatuses=[ContainerStatus] qosClass=PodQOSClass
    ephemeralContainerStatuses=[ContainerStatus] resize=PodResizeStatus resourceClaimStatuses=[PodResourceClaimStatus]#name^
    extendedResourceClaimStatus=*PodExtendedResourceClaimStatus allocatedResources=ResourceList
    resources=*ResourceRequirements
    nodeAllocatableResourceClaimStatuses=[NodeAllocatableResourceClaimStatus]
ServiceSpec: ports=[ServicePort]#port selector={string} clusterIP=string clusterIPs=[string] type=ServiceType
    externalIPs=[string] sessionAffinity=ServiceAffinity loadBalancerIP=string loadBalancerSourceRanges=[string]
    externalName=string externalTrafficPolicy=ServiceExternalTrafficPolicy healthCheckNodePort=int32
    publishNotReadyAddresses=bool sessionAffinityConfig=*SessionAffinityConfig ipFamilies=[IPFamily]
    ipFamilyPolicy=*IPFamilyPolicy allocateLoadBalancerNodePorts=*bool loadBalancerClass=*string
    internalTrafficPolicy=*ServiceInternalTrafficPolicy trafficDistribution=*string
ServiceStatus: loadBalancer=LoadBalancerStatus conditions=[Condition]#type
NamespaceSpec: finalizers=[FinalizerName]
NamespaceStatus: phase=NamespacePhase conditions=[NamespaceCondition]#type
NodeSpec: podCIDR=string podCIDRs=[string]# providerID=string unschedulable=bool taints=[Taint] configSource=*NodeConfigSource
    externalID=string
NodeStatus: capacity=ResourceList allocatable=ResourceList phase=NodePhase conditions=[NodeCondition]#type
    addresses=[NodeAddress]#type daemonEndpoints=NodeDaemonEndpoints nodeInfo=NodeSystemInfo images=[ContainerImage]
    volumesInUse=[UniqueVolumeName] volumesAttached=[AttachedVolume] config=*NodeConfigStatus
    runtimeHandlers=[NodeRuntimeHandler] features=*NodeFeatures declaredFeatures=[string]
ObjectReference: kind=string namespace=string name=string uid=UID apiVersion=string resourceVersion=string fieldPath=string
EventSource: component=string host=string
EventSeries: count=int32 lastObservedTime=MicroTime
EndpointSubset: addresses=[EndpointAddress] notReadyAddresses=[EndpointAddress] ports=[core.EndpointPort]
LocalObjectReference: name=string
PersistentVolumeClaimSpec: accessModes=[PersistentVolumeAccessMode] selector=*LabelSelector
    resources=VolumeResourceRequirements volumeName=string storageClassName=*string volumeMode=*PersistentVolumeMode
    dataSource=*TypedLocalObjectReference dataSourceRef=*TypedObjectReference volumeAttributesClassName=*string
PersistentVolumeClaimStatus: phase=PersistentVolumeClaimPhase accessModes=[PersistentVolumeAccessMode] capacity=ResourceList
    conditions=[PersistentVolumeClaimCondition]#type allocatedResources=ResourceList
    allocatedResourceStatuses={ClaimResourceStatus} currentVolumeAttributesClassName=*string
    modifyVolumeStatus=*ModifyVolumeStatus
Endpoint: addresses=[string]! conditions=EndpointConditions hostname=*string targetRef=*ObjectReference
    deprecatedTopology={string} nodeName=*string zone=*string hints=*EndpointHints
EndpointPort: name=*string protocol=*Protocol port=*int32 appProtocol=*string
events.EventSeries: count=int32! lastObservedTime=MicroTime!
LeaseSpec: holderIdentity=*string leaseDurationSeconds=*int32 acquireTime=*MicroTime renewTime=*MicroTime
    leaseTransitions=*int32 strategy=*CoordinatedLeaseStrategy preferredHolder=*string
PersistentVolumeSpec: capacity=ResourceList gcePersistentDisk=*GCEPersistentDiskVolumeSource
    awsElasticBlockStore=*AWSElasticBlockStoreVolumeSource hostPath=*HostPathVolumeSource
    glusterfs=*GlusterfsPersistentVolumeSource nfs=*NFSVolumeSource rbd=*RBDPersistentVolumeSource
    iscsi=*ISCSIPersistentVolumeSource cinder=*CinderPersistentVolumeSource cephfs=*CephFSPersistentVolumeSource
    fc=*FCVolumeSource flocker=*FlockerVolumeSource flexVolume=*FlexPersistentVolumeSource
    azureFile=*AzureFilePersistentVolumeSource vsphereVolume=*VsphereVirtualDiskVolumeSource quobyte=*QuobyteVolumeSource
    azureDisk=*AzureDiskVolumeSource photonPersistentDisk=*PhotonPersistentDiskVolumeSource
    portworxVolume=*PortworxVolumeSource scaleIO=*ScaleIOPersistentVolumeSource local=*LocalVolumeSource
    storageos=*StorageOSPersistentVolumeSource csi=*CSIPersistentVolumeSource accessModes=[PersistentVolumeAccessMode]
    claimRef=*ObjectReference persistentVolumeReclaimPolicy=PersistentVolumeReclaimPolicy storageClassName=string
    mountOptions=[string] volumeMode=*PersistentVolumeMode nodeAffinity=*VolumeNodeAffinity volumeAttributesClassName=*string
PersistentVolumeStatus: phase=PersistentVolumePhase message=string reason=string lastPhaseTransitionTime=*Time
Preconditions: uid=*UID resourceVersion=*string
OwnerReference: apiVersion=string! kind=string! name=string! uid=UID! controller=*bool blockOwnerDeletion=*bool
ManagedFieldsEntry: manager=string operation=ManagedFieldsOperationType apiVersion=string time=*Time fieldsType=string
    fieldsV1=*any subresource=string
Volume: name=string! hostPath=*HostPathVolumeSource emptyDir=*EmptyDirVolumeSource
    gcePersistentDisk=*GCEPersistentDiskVolumeSource awsElasticBlockStore=*AWSElasticBlockStoreVolumeSource
    gitRepo=*GitRepoVolumeSource secret=*SecretVolumeSource nfs=*NFSVolumeSource iscsi=*ISCSIVolumeSource
    glusterfs=*GlusterfsVolumeSource persistentVolumeClaim=*PersistentVolumeClaimVolumeSource rbd=*RBDVolumeSource
    flexVolume=*FlexVolumeSource cinder=*CinderVolumeSource cephfs=*CephFSVolumeSource flocker=*FlockerVolumeSource
    downwardAPI=*DownwardAPIVolumeSource fc=*FCVolumeSource azureFile=*AzureFileVolumeSource configMap=*ConfigMapVolumeSource
    vsphereVolume=*VsphereVirtualDiskVolumeSource quobyte=*QuobyteVolumeSource azureDisk=*AzureDiskVolumeSource
    photonPersistentDisk=*PhotonPersistentDiskVolumeSource projected=*ProjectedVolumeSource
    portworxVolume=*PortworxVolumeSource scaleIO=*ScaleIOVolumeSource storageos=*StorageOSVolumeSource csi=*CSIVolumeSource
    ephemeral=*EphemeralVolumeSource image=*ImageVolumeSource
Container: name=string! image=string command=[string] args=[string] workingDir=string ports=[ContainerPort]#containerPort
    envFrom=[EnvFromSource] env=[EnvVar]#name resources=ResourceRequirements resizePolicy=[ContainerResizePolicy]
    restartPolicy=*ContainerRestartPolicy restartPolicyRules=[ContainerRestartRule] volumeMounts=[VolumeMount]#mountPath
    volumeDevices=[VolumeDevice]#devicePath livenessProbe=*Probe readinessProbe=*Probe startupProbe=*Probe
    lifecycle=*Lifecycle terminationMessagePath=string terminationMessagePolicy=TerminationMessagePolicy
    imagePullPolicy=PullPolicy securityContext=*SecurityContext stdin=bool stdinOnce=bool tty=bool
EphemeralContainer: name=string! image=string command=[string] args=[string] workingDir=string
    ports=[ContainerPort]#containerPort envFrom=[EnvFromSource] env=[EnvVar]#name resources=ResourceRequirements
    resizePolicy=[ContainerResizePolicy] restartPolicy=*ContainerRestartPolicy restartPolicyRules=[ContainerRestartRule]
    volumeMounts=[VolumeMount]#mountPath volumeDevices=[VolumeDevice]#devicePath livenessProbe=*Probe readinessProbe=*Probe
    startupProbe=*Probe lifecycle=*Lifecycle terminationMessagePath=string terminationMessagePolicy=TerminationMessagePolicy
    imagePullPolicy=PullPolicy securityContext=*SecurityContext stdin=bool stdinOnce=bool tty=bool targetContainerName=string
PodSecurityContext: seLinuxOptions=*SELinuxOptions windowsOptions=*WindowsSecurityContextOptions runAsUser=*int64
    runAsGroup=*int64 runAsNonRoot=*bool supplementalGroups=[int64] supplementalGroupsPolicy=*SupplementalGroupsPolicy
    fsGroup=*int64 sysctls=[Sysctl] fsGroupChangePolicy=*PodFSGroupChangePolicy seccompProfile=*SeccompProfile
    appArmorProfile=*AppArmorProfile seLinuxChangePolicy=*PodSELinuxChangePolicy
Affinity: nodeAffinity=*NodeAffinity podAffinity=*PodAffinity podAntiAffinity=*PodAntiAffinity
Toleration: key=string operator=TolerationOperator value=string effect=TaintEffect tolerationSeconds=*int64
HostAlias: ip=string! hostnames=[string]
PodDNSConfig: nameservers=[string] searches=[string] options=[PodDNSConfigOption]
PodReadinessGate: conditionType=PodConditionType!
TopologySpreadConstraint: maxSkew=int32! topologyKey=string! whenUnsatisfiable=UnsatisfiableConstraintAction!
    labelSelector=*LabelSelector minDomains=*int32 nodeAffinityPolicy=*NodeInclusionPolicy
    nodeTaintsPolicy=*NodeInclusionPolicy matchLabelKeys=[string]
PodOS: name=OSName!
PodSchedulingGate: name=string!
PodResourceClaim: name=string! resourceClaimName=*string resourceClaimTemplateName=*string
ResourceRequirements: limits=ResourceList requests=ResourceList claims=[ResourceClaim]
PodSchedulingGroup: podGroupName=*string
PodCondition: type=PodConditionType! observedGeneration=int64 status=ConditionStatus! lastProbeTime=Time
    lastTransitionTime=Time reason=string message=string
HostIP: ip=string!
PodIP: ip=string!
ContainerStatus: name=string! state=ContainerState lastState=ContainerState ready=bool! restartCount=int32! image=string!
    imageID=string! containerID=string started=*bool allocatedResources=ResourceList resources=*ResourceRequirements
    volumeMounts=[VolumeMountStatus]#mountPath user=*ContainerUser allocatedResourcesStatus=[ResourceStatus]#name
    stopSignal=*Signal
PodResourceClaimStatus: name=string! resourceClaimName=*string
PodExtendedResourceClaimStatus: requestMappings=[ContainerExtendedResourceRequest]! resourceClaimName=string!
NodeAllocatableResourceClaimStatus: resourceClaimName=string! containers=[string] resources=ResourceList!
ServicePort: name=string protocol=Protocol appProtocol=*string port=int32! targetPort=IntOrString nodePort=int32
SessionAffinityConfig: clientIP=*ClientIPConfig
LoadBalancerStatus: ingress=[LoadBalancerIngress]
Condition: type=string! status=ConditionStatus! observedGeneration=int64 lastTransitionTime=Time! reason=string!
    message=string!
NamespaceCondition: type=NamespaceConditionType! status=ConditionStatus! lastTransitionTime=Time reason=string message=string
Taint: key=string! value=string effect=TaintEffect! timeAdded=*Time
NodeConfigSource: configMap=*ConfigMapNodeConfigSource
NodeCondition: type=NodeConditionType! status=ConditionStatus! lastHeartbeatTime=Time lastTransitionTime=Time reason=string
    message=string
NodeAddress: type=NodeAddressType! address=string!
NodeDaemonEndpoints: kubeletEndpoint=DaemonEndpoint
NodeSystemInfo: machineID=string! systemUUID=string! bootID=string! kernelVersion=string! osImage=string!
    containerRuntimeVersion=string! kubeletVersion=string! kubeProxyVersion=string! operatingSystem=string!
    architecture=string! swap=*NodeSwapStatus
ContainerImage: names=[string]! sizeBytes=int64
AttachedVolume: name=UniqueVolumeName! devicePath=string!
NodeConfigStatus: assigned=*NodeConfigSource active=*NodeConfigSource lastKnownGood=*NodeConfigSource error=string
NodeRuntimeHandler: name=string! features=*NodeRuntimeHandlerFeatures
NodeFeatures: supplementalGroupsPolicy=*bool
EndpointAddress: ip=string! hostname=string nodeName=*string targetRef=*ObjectReference
core.EndpointPort: name=string port=int32! protocol=Protocol appProtocol=*string
LabelSelector: matchLabels={string} matchExpressions=[LabelSelectorRequirement]
VolumeResourceRequirements: limits=ResourceList requests=ResourceList
TypedLocalObjectReference: apiGroup=*string! kind=string! name=string!
TypedObjectReference: apiGroup=*string! kind=string! name=string! namespace=*string
PersistentVolumeClaimCondition: type=PersistentVolumeClaimConditionType! status=ConditionStatus! lastProbeTime=Time
    lastTransitionTime=Time reason=string message=string
ModifyVolumeStatus: targetVolumeAttributesClassName=string status=PersistentVolumeClaimModifyVolumeStatus!
EndpointConditions: ready=*bool serving=*bool terminating=*bool
EndpointHints: forZones=[ForZone] forNodes=[ForNode]
GCEPersistentDiskVolumeSource: pdName=string! fsType=string partition=int32 readOnly=bool
AWSElasticBlockStoreVolumeSource: volumeID=string! fsType=string partition=int32 readOnly=bool
HostPathVolumeSource: path=string! type=*HostPathType
GlusterfsPersistentVolumeSource: endpoints=string! path=string! readOnly=bool endpointsNamespace=*string
NFSVolumeSource: server=string! path=string! readOnly=bool
RBDPersistentVolumeSource: monitors=[string]! image=string! fsType=string pool=string user=string keyring=string
    secretRef=*SecretReference readOnly=bool
ISCSIPersistentVolumeSource: targetPortal=string! iqn=string! lun=int32! iscsiInterface=string fsType=string readOnly=bool
    portals=[string] chapAuthDiscovery=bool chapAuthSession=bool secretRef=*SecretReference initiatorName=*string
CinderPersistentVolumeSource: volumeID=string! fsType=string readOnly=bool secretRef=*SecretReference
CephFSPersistentVolumeSource: monitors=[string]! path=string user=string secretFile=string secretRef=*SecretReference
    readOnly=bool
FCVolumeSource: targetWWNs=[string] lun=*int32 fsType=string readOnly=bool wwids=[string]
FlockerVolumeSource: datasetName=string datasetUUID=string
FlexPersistentVolumeSource: driver=string! fsType=string secretRef=*SecretReference readOnly=bool options={string}
AzureFilePersistentVolumeSource: secretName=string! shareName=string! readOnly=bool secretNamespace=*string!
VsphereVirtualDiskVolumeSource: volumePath=string! fsType=string storagePolicyName=string storagePolicyID=string
QuobyteVolumeSource: registry=string! volume=string! readOnly=bool user=string group=string tenant=string
AzureDiskVolumeSource: diskName=string! diskURI=string! cachingMode=*AzureDataDiskCachingMode fsType=*string readOnly=*bool
    kind=*AzureDataDiskKind
PhotonPersistentDiskVolumeSource: pdID=string! fsType=string
PortworxVolumeSource: volumeID=string! fsType=string readOnly=bool
ScaleIOPersistentVolumeSource: gateway=string! system=string! secretRef=*SecretReference! sslEnabled=bool
    protectionDomain=string storagePool=string storageMode=string volumeName=string fsType=string readOnly=bool
LocalVolumeSource: path=string! fsType=*string
StorageOSPersistentVolumeSource: volumeName=string volumeNamespace=string fsType=string readOnly=bool
    secretRef=*ObjectReference
CSIPersistentVolumeSource: driver=string! volumeHandle=string! readOnly=bool fsType=string volumeAttributes={string}
    controllerPublishSecretRef=*SecretReference nodeStageSecretRef=*SecretReference nodePublishSecretRef=*SecretReference
    controllerExpandSecretRef=*SecretReference nodeExpandSecretRef=*SecretReference
VolumeNodeAffinity: required=*NodeSelector
EmptyDirVolumeSource: medium=StorageMedium sizeLimit=*Quantity
GitRepoVolumeSource: repository=string! revision=string directory=string
SecretVolumeSource: secretName=string items=[KeyToPath] defaultMode=*int32 optional=*bool
ISCSIVolumeSource: targetPortal=string! iqn=string! lun=int32! iscsiInterface=string fsType=string readOnly=bool
    portals=[string] chapAuthDiscovery=bool chapAuthSession=bool secretRef=*LocalObjectReference initiatorName=*string
GlusterfsVolumeSource: endpoints=string! path=string! readOnly=bool
PersistentVolumeClaimVolumeSource: claimName=string! readOnly=bool
RBDVolumeSource: monitors=[string]! image=string! fsType=string pool=string user=string keyring=string
    secretRef=*LocalObjectReference readOnly=bool
FlexVolumeSource: driver=string! fsType=string secretRef=*LocalObjectReference readOnly=bool options={string}
CinderVolumeSource: volumeID=string! fsType=string readOnly=bool secretRef=*LocalObjectReference
CephFSVolumeSource: monitors=[string]! path=string user=string secretFile=string secretRef=*LocalObjectReference readOnly=bool
DownwardAPIVolumeSource: items=[DownwardAPIVolumeFile] defaultMode=*int32
AzureFileVolumeSource: secretName=string! shareName=string! readOnly=bool
ConfigMapVolumeSource: name=string items=[KeyToPath] defaultMode=*int32 optional=*bool
ProjectedVolumeSource: sources=[VolumeProjection]! defaultMode=*int32
ScaleIOVolumeSource: gateway=string! system=string! secretRef=*LocalObjectReference! sslEnabled=bool protectionDomain=string
    storagePool=string storageMode=string volumeName=string fsType=string readOnly=bool
StorageOSVolumeSource: volumeName=string volumeNamespace=string fsType=string readOnly=bool secretRef=*LocalObjectReference
CSIVolumeSource: driver=string! readOnly=*bool fsType=*string volumeAttributes={string}
    nodePublishSecretRef=*LocalObjectReference
EphemeralVolumeSource: volumeClaimTemplate=*PersistentVolumeClaimTemplate
ImageVolumeSource: reference=string pullPolicy=PullPolicy
ContainerPort: name=string hostPort=int32 containerPort=int32! protocol=Protocol hostIP=string
EnvFromSource: prefix=string configMapRef=*ConfigMapEnvSource secretRef=*SecretEnvSource
EnvVar: name=string! value=string valueFrom=*EnvVarSource
ContainerResizePolicy: resourceName=ResourceName! restartPolicy=ResourceResizeRestartPolicy!
ContainerRestartRule: action=ContainerRestartRuleAction exitCodes=*ContainerRestartRuleOnExitCodes
VolumeMount: name=string! readOnly=bool recursiveReadOnly=*RecursiveReadOnlyMode mountPath=string! subPath=string
    mountPropagation=*MountPropagationMode subPathExpr=string
VolumeDevice: name=string! devicePath=string!
Probe: exec=*ExecAction httpGet=*HTTPGetAction tcpSocket=*TCPSocketAction grpc=*GRPCAction initialDelaySeconds=int32
    timeoutSeconds=int32 periodSeconds=int32 successThreshold=int32 failureThreshold=int32
    terminationGracePeriodSeconds=*int64
Lifecycle: postStart=*LifecycleHandler preStop=*LifecycleHandler stopSignal=*Signal
SecurityContext: capabilities=*Capabilities privileged=*bool seLinuxOptions=*SELinuxOptions
    windowsOptions=*WindowsSecurityContextOptions runAsUser=*int64 runAsGroup=*int64 runAsNonRoot=*bool
    readOnlyRootFilesystem=*bool allowPrivilegeEscalation=*bool procMount=*ProcMountType seccompProfile=*SeccompProfile
    appArmorProfile=*AppArmorProfile
SELinuxOptions: user=string role=string type=string level=string
WindowsSecurityContextOptions: gmsaCredentialSpecName=*string gmsaCredentialSpec=*string runAsUserName=*string
    hostProcess=*bool
Sysctl: name=string! value=string!
SeccompProfile: type=SeccompProfileType! localhostProfile=*string
AppArmorProfile: type=AppArmorProfileType! localhostProfile=*string
NodeAffinity: requiredDuringSchedulingIgnoredDuringExecution=*NodeSelector
    preferredDuringSchedulingIgnoredDuringExecution=[PreferredSchedulingTerm]
PodAffinity: requiredDuringSchedulingIgnoredDuringExecution=[PodAffinityTerm]
    preferredDuringSchedulingIgnoredDuringExecution=[WeightedPodAffinityTerm]
PodAntiAffinity: requiredDuringSchedulingIgnoredDuringExecution=[PodAffinityTerm]
    preferredDuringSchedulingIgnoredDuringExecution=[WeightedPodAffinityTerm]
PodDNSConfigOption: name=string value=*string
ResourceClaim: name=string! request=string
ContainerState: waiting=*ContainerStateWaiting running=*ContainerStateRunning terminated=*ContainerStateTerminated
VolumeMountStatus: name=string! mountPath=string! readOnly=bool recursiveReadOnly=*RecursiveReadOnlyMode
    volumeStatus=*VolumeStatus
ContainerUser: linux=*LinuxContainerUser
ResourceStatus: name=ResourceName! resources=[ResourceHealth]
ContainerExtendedResourceRequest: containerName=string! resourceName=string! requestName=string!
ClientIPConfig: timeoutSeconds=*int32
LoadBalancerIngress: ip=string hostname=string ipMode=*LoadBalancerIPMode ports=[PortStatus]
ConfigMapNodeConfigSource: namespace=string! name=string! uid=UID resourceVersion=string kubeletConfigKey=string!
DaemonEndpoint: Port=int32!
NodeSwapStatus: capacity=*int64
NodeRuntimeHandlerFeatures: recursiveReadOnlyMounts=*bool userNamespaces=*bool
LabelSelectorRequirement: key=string! operator=LabelSelectorOperator! values=[string]
ForZone: name=string!
ForNode: name=string!
SecretReference: name=string namespace=string
NodeSelector: nodeSelectorTerms=[NodeSelectorTerm]!
KeyToPath: key=string! path=string! mode=*int32
DownwardAPIVolumeFile: path=string! fieldRef=*ObjectFieldSelector resourceFieldRef=*ResourceFieldSelector mode=*int32
VolumeProjection: secret=*SecretProjection downwardAPI=*DownwardAPIProjection configMap=*ConfigMapProjection
    serviceAccountToken=*ServiceAccountTokenProjection clusterTrustBundle=*ClusterTrustBundleProjection
    podCertificate=*PodCertificateProjection
PersistentVolumeClaimTemplate: metadata=ObjectMeta spec=PersistentVolumeClaimSpec!
ConfigMapEnvSource: name=string optional=*bool
SecretEnvSource: name=string optional=*bool
EnvVarSource: fieldRef=*ObjectFieldSelector resourceFieldRef=*ResourceFieldSelector configMapKeyRef=*ConfigMapKeySelector
    secretKeyRef=*SecretKeySelector fileKeyRef=*FileKeySelector
ContainerRestartRuleOnExitCodes: operator=ContainerRestartRuleOnExitCodesOperator values=[int32]
ExecAction: command=[string]
HTTPGetAction: path=string port=IntOrString! host=string scheme=URIScheme httpHeaders=[HTTPHeader]
TCPSocketAction: port=IntOrString! host=string
GRPCAction: port=int32! service=*string!
LifecycleHandler: exec=*ExecAction httpGet=*HTTPGetAction tcpSocket=*TCPSocketAction sleep=*SleepAction
Capabilities: add=[Capability] drop=[Capability]
PreferredSchedulingTerm: weight=int32! preference=NodeSelectorTerm!
PodAffinityTerm: labelSelector=*LabelSelector namespaces=[string] topologyKey=string! namespaceSelector=*LabelSelector
    matchLabelKeys=[string] mismatchLabelKeys=[string]
WeightedPodAffinityTerm: weight=int32! podAffinityTerm=PodAffinityTerm!
ContainerStateWaiting: reason=string message=string
ContainerStateRunning: startedAt=Time
ContainerStateTerminated: exitCode=int32! signal=int32 reason=string message=string startedAt=Time finishedAt=Time
    containerID=string
VolumeStatus: image=*ImageVolumeStatus
LinuxContainerUser: uid=int64! gid=int64! supplementalGroups=[int64]
ResourceHealth: resourceID=ResourceID! health=ResourceHealthStatus message=*string
PortStatus: port=int32! protocol=Protocol! error=*string
NodeSelectorTerm: matchExpressions=[NodeSelectorRequirement] matchFields=[NodeSelectorRequirement]
ObjectFieldSelector: apiVersion=string fieldPath=string!
ResourceFieldSelector: containerName=string resource=string! divisor=Quantity
SecretProjection: name=string items=[KeyToPath] optional=*bool
DownwardAPIProjection: items=[DownwardAPIVolumeFile]
ConfigMapProjection: name=string items=[KeyToPath] optional=*bool
ServiceAccountTokenProjection: audience=string expirationSeconds=*int64 path=string!
ClusterTrustBundleProjection: name=*string signerName=*string labelSelector=*LabelSelector optional=*bool path=string!
PodCertificateProjection: signerName=string keyType=string maxExpirationSeconds=*int32 credentialBundlePath=string
    keyPath=string certificateChainPath=string userAnnotations={string}
ConfigMapKeySelector: name=string key=string! optional=*bool
SecretKeySelector: name=string key=string! optional=*bool
FileKeySelector: volumeName=string! path=string! key=string! optional=*bool
HTTPHeader: name=string! value=string!
SleepAction: seconds=int64!
ImageVolumeStatus: imageRef=string
NodeSelectorRequirement: key=string! operator=NodeSelectorOperator! values=[string]
"""
