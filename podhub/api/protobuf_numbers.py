"""The numbers that protobuf gives the fields of the API's types.

One message a line: `Message: number=field ...`, going on where the next line is indented. What a field is stands in the table
of types (`lifecycle.core_v1.api_types`), under the same names. `+Message` is a message whose fields JSON writes into the outer.
Kubernetes 1.36: generated.proto of api/core/v1 and its neighbours, and of apimachinery/pkg/apis/meta/v1
"""

NUMBERS = """
Binding: 1=metadata 2=target
ObjectMeta: 1=name 2=generateName 3=namespace 4=selfLink 5=uid 6=resourceVersion 7=generation 8=creationTimestamp
    9=deletionTimestamp 10=deletionGracePeriodSeconds 11=labels 12=annotations 13=ownerReferences 14=finalizers
OwnerReference: 1=kind 3=name 4=uid 5=apiVersion 6=controller 7=blockOwnerDeletion
ObjectReference: 1=kind 2=namespace 3=name 4=uid 5=apiVersion 6=resourceVersion 7=fieldPath
ConfigMap: 1=metadata 2=data 3=binaryData 4=immutable
Endpoints: 1=metadata 2=subsets
EndpointSubset: 1=addresses 2=notReadyAddresses 3=ports
EndpointAddress: 1=ip 2=targetRef 3=hostname 4=nodeName
core.EndpointPort: 1=name 2=port 3=protocol 4=appProtocol
EndpointSlice: 1=metadata 2=endpoints 3=ports 4=addressType
Endpoint: 1=addresses 2=conditions 3=hostname 4=targetRef 5=deprecatedTopology 6=nodeName 7=zone 8=hints
EndpointConditions: 1=ready 2=serving 3=terminating
EndpointHints: 1=forZones 2=forNodes
ForZone: 1=name
ForNode: 1=name
EndpointPort: 1=name 2=protocol 3=port 4=appProtocol
Event: 1=metadata 2=involvedObject 3=reason 4=message 5=source 6=firstTimestamp 7=lastTimestamp 8=count 9=type 10=eventTime
    11=series 12=action 13=related 14=reportingComponent 15=reportingInstance
EventSource: 1=component 2=host
EventSeries: 1=count 2=lastObservedTime
events.Event: 1=metadata 2=eventTime 3=series 4=reportingController 5=reportingInstance 6=action 7=reason 8=regarding
    9=related 10=note 11=type 12=deprecatedSource 13=deprecatedFirstTimestamp 14=deprecatedLastTimestamp 15=deprecatedCount
events.EventSeries: 1=count 2=lastObservedTime
Lease: 1=metadata 2=spec
LeaseSpec: 1=holderIdentity 2=leaseDurationSeconds 3=acquireTime 4=renewTime 5=leaseTransitions 6=strategy 7=preferredHolder
Role: 1=metadata 2=rules
RoleBinding: 1=metadata 2=subjects 3=roleRef
ClusterRole: 1=metadata 2=rules 3=aggregationRule
ClusterRoleBinding: 1=metadata 2=subjects 3=roleRef
PolicyRule: 1=verbs 2=apiGroups 3=resources 4=resourceNames 5=nonResourceURLs
AggregationRule: 1=clusterRoleSelectors
Subject: 1=kind 2=apiGroup 3=name 4=namespace
RoleRef: 1=apiGroup 2=kind 3=name
LimitRange: 1=metadata 2=spec
LimitRangeSpec: 1=limits
LimitRangeItem: 1=type 2=max 3=min 4=default 5=defaultRequest 6=maxLimitRequestRatio
Namespace: 1=metadata 2=spec 3=status
NamespaceSpec: 1=finalizers
NamespaceStatus: 1=phase 2=conditions
NamespaceCondition: 1=type 2=status 4=lastTransitionTime 5=reason 6=message
Node: 1=metadata 2=spec 3=status
NodeSpec: 1=podCIDR 2=externalID 3=providerID 4=unschedulable 5=taints 6=configSource 7=podCIDRs
Taint: 1=key 2=value 3=effect 4=timeAdded
NodeConfigSource: 2=configMap
ConfigMapNodeConfigSource: 1=namespace 2=name 3=uid 4=resourceVersion 5=kubeletConfigKey
NodeStatus: 1=capacity 2=allocatable 3=phase 4=conditions 5=addresses 6=daemonEndpoints 7=nodeInfo 8=images 9=volumesInUse
    10=volumesAttached 11=config 12=runtimeHandlers 13=features 14=declaredFeatures
NodeCondition: 1=type 2=status 3=lastHeartbeatTime 4=lastTransitionTime 5=reason 6=message
NodeAddress: 1=type 2=address
NodeDaemonEndpoints: 1=kubeletEndpoint
DaemonEndpoint: 1=Port
NodeSystemInfo: 1=machineID 2=systemUUID 3=bootID 4=kernelVersion 5=osImage 6=containerRuntimeVersion 7=kubeletVersion
    8=kubeProxyVersion 9=operatingSystem 10=architecture 11=swap
NodeSwapStatus: 1=capacity
ContainerImage: 1=names 2=sizeBytes
AttachedVolume: 1=name 2=devicePath
NodeConfigStatus: 1=assigned 2=active 3=lastKnownGood 4=error
NodeRuntimeHandler: 1=name 2=features
NodeRuntimeHandlerFeatures: 1=recursiveReadOnlyMounts 2=userNamespaces
NodeFeatures: 1=supplementalGroupsPolicy
PersistentVolume: 1=metadata 2=spec 3=status
PersistentVolumeSpec: 1=capacity 2=+PersistentVolumeSource 3=accessModes 4=claimRef 5=persistentVolumeReclaimPolicy
    6=storageClassName 7=mountOptions 8=volumeMode 9=nodeAffinity 10=volumeAttributesClassName
GCEPersistentDiskVolumeSource: 1=pdName 2=fsType 3=partition 4=readOnly
AWSElasticBlockStoreVolumeSource: 1=volumeID 2=fsType 3=partition 4=readOnly
HostPathVolumeSource: 1=path 2=type
GlusterfsPersistentVolumeSource: 1=endpoints 2=path 3=readOnly 4=endpointsNamespace
NFSVolumeSource: 1=server 2=path 3=readOnly
RBDPersistentVolumeSource: 1=monitors 2=image 3=fsType 4=pool 5=user 6=keyring 7=secretRef 8=readOnly
SecretReference: 1=name 2=namespace
ISCSIPersistentVolumeSource: 1=targetPortal 2=iqn 3=lun 4=iscsiInterface 5=fsType 6=readOnly 7=portals 8=chapAuthDiscovery
    10=secretRef 11=chapAuthSession 12=initiatorName
CinderPersistentVolumeSource: 1=volumeID 2=fsType 3=readOnly 4=secretRef
CephFSPersistentVolumeSource: 1=monitors 2=path 3=user 4=secretFile 5=secretRef 6=readOnly
FCVolumeSource: 1=targetWWNs 2=lun 3=fsType 4=readOnly 5=wwids
FlockerVolumeSource: 1=datasetName 2=datasetUUID
FlexPersistentVolumeSource: 1=driver 2=fsType 3=secretRef 4=readOnly 5=options
AzureFilePersistentVolumeSource: 1=secretName 2=shareName 3=readOnly 4=secretNamespace
VsphereVirtualDiskVolumeSource: 1=volumePath 2=fsType 3=storagePolicyName 4=storagePolicyID
QuobyteVolumeSource: 1=registry 2=volume 3=readOnly 4=user 5=group 6=tenant
AzureDiskVolumeSource: 1=diskName 2=diskURI 3=cachingMode 4=fsType 5=readOnly 6=kind
PhotonPersistentDiskVolumeSource: 1=pdID 2=fsType
PortworxVolumeSource: 1=volumeID 2=fsType 3=readOnly
ScaleIOPersistentVolumeSource: 1=gateway 2=system 3=secretRef 4=sslEnabled 5=protectionDomain 6=storagePool 7=storageMode
    8=volumeName 9=fsType 10=readOnly
LocalVolumeSource: 1=path 2=fsType
StorageOSPersistentVolumeSource: 1=volumeName 2=volumeNamespace 3=fsType 4=readOnly 5=secretRef
CSIPersistentVolumeSource: 1=driver 2=volumeHandle 3=readOnly 4=fsType 5=volumeAttributes 6=controllerPublishSecretRef
    7=nodeStageSecretRef 8=nodePublishSecretRef 9=controllerExpandSecretRef 10=nodeExpandSecretRef
VolumeNodeAffinity: 1=required
NodeSelector: 1=nodeSelectorTerms
NodeSelectorTerm: 1=matchExpressions 2=matchFields
NodeSelectorRequirement: 1=key 2=operator 3=values
PersistentVolumeStatus: 1=phase 2=message 3=reason 4=lastPhaseTransitionTime
PersistentVolumeClaim: 1=metadata 2=spec 3=status
PersistentVolumeClaimSpec: 1=accessModes 2=resources 3=volumeName 4=selector 5=storageClassName 6=volumeMode 7=dataSource
    8=dataSourceRef 9=volumeAttributesClassName
LabelSelector: 1=matchLabels 2=matchExpressions
LabelSelectorRequirement: 1=key 2=operator 3=values
VolumeResourceRequirements: 1=limits 2=requests
TypedLocalObjectReference: 1=apiGroup 2=kind 3=name
TypedObjectReference: 1=apiGroup 2=kind 3=name 4=namespace
PersistentVolumeClaimStatus: 1=phase 2=accessModes 3=capacity 4=conditions 5=allocatedResources 7=allocatedResourceStatuses
    8=currentVolumeAttributesClassName 9=modifyVolumeStatus
PersistentVolumeClaimCondition: 1=type 2=status 3=lastProbeTime 4=lastTransitionTime 5=reason 6=message
ModifyVolumeStatus: 1=targetVolumeAttributesClassName 2=status
Pod: 1=metadata 2=spec 3=status
PodSpec: 1=volumes 2=containers 3=restartPolicy 4=terminationGracePeriodSeconds 5=activeDeadlineSeconds 6=dnsPolicy
    7=nodeSelector 8=serviceAccountName 9=serviceAccount 10=nodeName 11=hostNetwork 12=hostPID 13=hostIPC 14=securityContext
    15=imagePullSecrets 16=hostname 17=subdomain 18=affinity 19=schedulerName 20=initContainers
    21=automountServiceAccountToken 22=tolerations 23=hostAliases 24=priorityClassName 25=priority 26=dnsConfig
    27=shareProcessNamespace 28=readinessGates 29=runtimeClassName 30=enableServiceLinks 31=preemptionPolicy 32=overhead
    33=topologySpreadConstraints 34=ephemeralContainers 35=setHostnameAsFQDN 36=os 37=hostUsers 38=schedulingGates
    39=resourceClaims 40=resources 41=hostnameOverride 43=schedulingGroup
Volume: 1=name 2=+VolumeSource
EmptyDirVolumeSource: 1=medium 2=sizeLimit
GitRepoVolumeSource: 1=repository 2=revision 3=directory
SecretVolumeSource: 1=secretName 2=items 3=defaultMode 4=optional
KeyToPath: 1=key 2=path 3=mode
ISCSIVolumeSource: 1=targetPortal 2=iqn 3=lun 4=iscsiInterface 5=fsType 6=readOnly 7=portals 8=chapAuthDiscovery 10=secretRef
    11=chapAuthSession 12=initiatorName
LocalObjectReference: 1=name
GlusterfsVolumeSource: 1=endpoints 2=path 3=readOnly
PersistentVolumeClaimVolumeSource: 1=claimName 2=readOnly
RBDVolumeSource: 1=monitors 2=image 3=fsType 4=pool 5=user 6=keyring 7=secretRef 8=readOnly
FlexVolumeSource: 1=driver 2=fsType 3=secretRef 4=readOnly 5=options
CinderVolumeSource: 1=volumeID 2=fsType 3=readOnly 4=secretRef
CephFSVolumeSource: 1=monitors 2=path 3=user 4=secretFile 5=secretRef 6=readOnly
DownwardAPIVolumeSource: 1=items 2=defaultMode
DownwardAPIVolumeFile: 1=path 2=fieldRef 3=resourceFieldRef 4=mode
ObjectFieldSelector: 1=apiVersion 2=fieldPath
ResourceFieldSelector: 1=containerName 2=resource 3=divisor
AzureFileVolumeSource: 1=secretName 2=shareName 3=readOnly
ConfigMapVolumeSource: 1=+LocalObjectReference 2=items 3=defaultMode 4=optional
ProjectedVolumeSource: 1=sources 2=defaultMode
VolumeProjection: 1=secret 2=downwardAPI 3=configMap 4=serviceAccountToken 5=clusterTrustBundle 6=podCertificate
SecretProjection: 1=+LocalObjectReference 2=items 4=optional
DownwardAPIProjection: 1=items
ConfigMapProjection: 1=+LocalObjectReference 2=items 4=optional
ServiceAccountTokenProjection: 1=audience 2=expirationSeconds 3=path
ClusterTrustBundleProjection: 1=name 2=signerName 3=labelSelector 4=path 5=optional
PodCertificateProjection: 1=signerName 2=keyType 3=maxExpirationSeconds 4=credentialBundlePath 5=keyPath
    6=certificateChainPath 7=userAnnotations
ScaleIOVolumeSource: 1=gateway 2=system 3=secretRef 4=sslEnabled 5=protectionDomain 6=storagePool 7=storageMode 8=volumeName
    9=fsType 10=readOnly
StorageOSVolumeSource: 1=volumeName 2=volumeNamespace 3=fsType 4=readOnly 5=secretRef
CSIVolumeSource: 1=driver 2=readOnly 3=fsType 4=volumeAttributes 5=nodePublishSecretRef
EphemeralVolumeSource: 1=volumeClaimTemplate
PersistentVolumeClaimTemplate: 1=metadata 2=spec
ImageVolumeSource: 1=reference 2=pullPolicy
Container: 1=name 2=image 3=command 4=args 5=workingDir 6=ports 7=env 8=resources 9=volumeMounts 10=livenessProbe
    11=readinessProbe 12=lifecycle 13=terminationMessagePath 14=imagePullPolicy 15=securityContext 16=stdin 17=stdinOnce
    18=tty 19=envFrom 20=terminationMessagePolicy 21=volumeDevices 22=startupProbe 23=resizePolicy 24=restartPolicy
    25=restartPolicyRules
ContainerPort: 1=name 2=hostPort 3=containerPort 4=protocol 5=hostIP
EnvFromSource: 1=prefix 2=configMapRef 3=secretRef
ConfigMapEnvSource: 1=+LocalObjectReference 2=optional
SecretEnvSource: 1=+LocalObjectReference 2=optional
EnvVar: 1=name 2=value 3=valueFrom
EnvVarSource: 1=fieldRef 2=resourceFieldRef 3=configMapKeyRef 4=secretKeyRef 5=fileKeyRef
ConfigMapKeySelector: 1=+LocalObjectReference 2=key 3=optional
SecretKeySelector: 1=+LocalObjectReference 2=key 3=optional
FileKeySelector: 1=volumeName 2=path 3=key 4=optional
ResourceRequirements: 1=limits 2=requests 3=claims
ResourceClaim: 1=name 2=request
ContainerResizePolicy: 1=resourceName 2=restartPolicy
ContainerRestartRule: 1=action 2=exitCodes
ContainerRestartRuleOnExitCodes: 1=operator 2=values
VolumeMount: 1=name 2=readOnly 3=mountPath 4=subPath 5=mountPropagation 6=subPathExpr 7=recursiveReadOnly
VolumeDevice: 1=name 2=devicePath
Probe: 1=+ProbeHandler 2=initialDelaySeconds 3=timeoutSeconds 4=periodSeconds 5=successThreshold 6=failureThreshold
    7=terminationGracePeriodSeconds
ExecAction: 1=command
HTTPGetAction: 1=path 2=port 3=host 4=scheme 5=httpHeaders
HTTPHeader: 1=name 2=value
TCPSocketAction: 1=port 2=host
GRPCAction: 1=port 2=service
Lifecycle: 1=postStart 2=preStop 3=stopSignal
LifecycleHandler: 1=exec 2=httpGet 3=tcpSocket 4=sleep
SleepAction: 1=seconds
SecurityContext: 1=capabilities 2=privileged 3=seLinuxOptions 4=runAsUser 5=runAsNonRoot 6=readOnlyRootFilesystem
    7=allowPrivilegeEscalation 8=runAsGroup 9=procMount 10=windowsOptions 11=seccompProfile 12=appArmorProfile
Capabilities: 1=add 2=drop
SELinuxOptions: 1=user 2=role 3=type 4=level
WindowsSecurityContextOptions: 1=gmsaCredentialSpecName 2=gmsaCredentialSpec 3=runAsUserName 4=hostProcess
SeccompProfile: 1=type 2=localhostProfile
AppArmorProfile: 1=type 2=localhostProfile
EphemeralContainer: 1=+EphemeralContainerCommon 2=targetContainerName
PodSecurityContext: 1=seLinuxOptions 2=runAsUser 3=runAsNonRoot 4=supplementalGroups 5=fsGroup 6=runAsGroup 7=sysctls
    8=windowsOptions 9=fsGroupChangePolicy 10=seccompProfile 11=appArmorProfile 12=supplementalGroupsPolicy
    13=seLinuxChangePolicy
Sysctl: 1=name 2=value
Affinity: 1=nodeAffinity 2=podAffinity 3=podAntiAffinity
NodeAffinity: 1=requiredDuringSchedulingIgnoredDuringExecution 2=preferredDuringSchedulingIgnoredDuringExecution
PreferredSchedulingTerm: 1=weight 2=preference
PodAffinity: 1=requiredDuringSchedulingIgnoredDuringExecution 2=preferredDuringSchedulingIgnoredDuringExecution
PodAffinityTerm: 1=labelSelector 2=namespaces 3=topologyKey 4=namespaceSelector 5=matchLabelKeys 6=mismatchLabelKeys
WeightedPodAffinityTerm: 1=weight 2=podAffinityTerm
PodAntiAffinity: 1=requiredDuringSchedulingIgnoredDuringExecution 2=preferredDuringSchedulingIgnoredDuringExecution
Toleration: 1=key 2=operator 3=value 4=effect 5=tolerationSeconds
HostAlias: 1=ip 2=hostnames
PodDNSConfig: 1=nameservers 2=searches 3=options
PodDNSConfigOption: 1=name 2=value
PodReadinessGate: 1=conditionType
TopologySpreadConstraint: 1=maxSkew 2=topologyKey 3=whenUnsatisfiable 4=labelSelector 5=minDomains 6=nodeAffinityPolicy
    7=nodeTaintsPolicy 8=matchLabelKeys
PodOS: 1=name
PodSchedulingGate: 1=name
PodResourceClaim: 1=name 3=resourceClaimName 4=resourceClaimTemplateName
PodSchedulingGroup: 1=podGroupName
PodStatus: 1=phase 2=conditions 3=message 4=reason 5=hostIP 6=podIP 7=startTime 8=containerStatuses 9=qosClass
    10=initContainerStatuses 11=nominatedNodeName 12=podIPs 13=ephemeralContainerStatuses 14=resize 15=resourceClaimStatuses
    16=hostIPs 17=observedGeneration 18=extendedResourceClaimStatus 19=allocatedResources 20=resources
    21=nodeAllocatableResourceClaimStatuses
PodCondition: 1=type 2=status 3=lastProbeTime 4=lastTransitionTime 5=reason 6=message 7=observedGeneration
HostIP: 1=ip
PodIP: 1=ip
ContainerStatus: 1=name 2=state 3=lastState 4=ready 5=restartCount 6=image 7=imageID 8=containerID 9=started
    10=allocatedResources 11=resources 12=volumeMounts 13=user 14=allocatedResourcesStatus 15=stopSignal
ContainerState: 1=waiting 2=running 3=terminated
ContainerStateWaiting: 1=reason 2=message
ContainerStateRunning: 1=startedAt
ContainerStateTerminated: 1=exitCode 2=signal 3=reason 4=message 5=startedAt 6=finishedAt 7=containerID
VolumeMountStatus: 1=name 2=mountPath 3=readOnly 4=recursiveReadOnly 5=volumeStatus
VolumeStatus: 1=image
ImageVolumeStatus: 1=imageRef
ContainerUser: 1=linux
LinuxContainerUser: 1=uid 2=gid 3=supplementalGroups
ResourceStatus: 1=name 2=resources
ResourceHealth: 1=resourceID 2=health 6=message
PodResourceClaimStatus: 1=name 2=resourceClaimName
PodExtendedResourceClaimStatus: 1=requestMappings 2=resourceClaimName
ContainerExtendedResourceRequest: 1=containerName 2=resourceName 3=requestName
NodeAllocatableResourceClaimStatus: 1=resourceClaimName 2=containers
PodDisruptionBudget: 1=metadata 2=spec 3=status
PodDisruptionBudgetSpec: 1=minAvailable 2=selector 3=maxUnavailable 4=unhealthyPodEvictionPolicy
PodDisruptionBudgetStatus: 1=observedGeneration 2=disruptedPods 3=disruptionsAllowed 4=currentHealthy 5=desiredHealthy
    6=expectedPods 7=conditions
Condition: 1=type 2=status 3=observedGeneration 4=lastTransitionTime 5=reason 6=message
PriorityClass: 1=metadata 2=value 3=globalDefault 4=description 5=preemptionPolicy
ResourceQuota: 1=metadata 2=spec 3=status
ResourceQuotaSpec: 1=hard 2=scopes 3=scopeSelector
ScopeSelector: 1=matchExpressions
ScopedResourceSelectorRequirement: 1=scopeName 2=operator 3=values
ResourceQuotaStatus: 1=hard 2=used
RuntimeClass: 1=metadata 2=handler 3=overhead 4=scheduling
Overhead: 1=podFixed
Scheduling: 1=nodeSelector 2=tolerations
Secret: 1=metadata 2=data 3=type 4=stringData 5=immutable
Service: 1=metadata 2=spec 3=status
ServiceSpec: 1=ports 2=selector 3=clusterIP 4=type 5=externalIPs 7=sessionAffinity 8=loadBalancerIP 9=loadBalancerSourceRanges
    10=externalName 11=externalTrafficPolicy 12=healthCheckNodePort 13=publishNotReadyAddresses 14=sessionAffinityConfig
    17=ipFamilyPolicy 18=clusterIPs 19=ipFamilies 20=allocateLoadBalancerNodePorts 21=loadBalancerClass
    22=internalTrafficPolicy 23=trafficDistribution
ServicePort: 1=name 2=protocol 3=port 4=targetPort 5=nodePort 6=appProtocol
SessionAffinityConfig: 1=clientIP
ClientIPConfig: 1=timeoutSeconds
ServiceStatus: 1=loadBalancer 2=conditions
LoadBalancerStatus: 1=ingress
LoadBalancerIngress: 1=ip 2=hostname 3=ipMode 4=ports
PortStatus: 1=port 2=protocol 3=error
ServiceAccount: 1=metadata 2=secrets 3=imagePullSecrets 4=automountServiceAccountToken
StorageClass: 1=metadata 2=provisioner 3=parameters 4=reclaimPolicy 5=mountOptions 6=allowVolumeExpansion 7=volumeBindingMode
    8=allowedTopologies
TopologySelectorTerm: 1=matchLabelExpressions
TopologySelectorLabelRequirement: 1=key 2=values
PersistentVolumeSource: 1=gcePersistentDisk 2=awsElasticBlockStore 3=hostPath 4=glusterfs 5=nfs 6=rbd 7=iscsi 8=cinder
    9=cephfs 10=fc 11=flocker 12=flexVolume 13=azureFile 14=vsphereVolume 15=quobyte 16=azureDisk 17=photonPersistentDisk
    18=portworxVolume 19=scaleIO 20=local 21=storageos 22=csi
VolumeSource: 1=hostPath 2=emptyDir 3=gcePersistentDisk 4=awsElasticBlockStore 5=gitRepo 6=secret 7=nfs 8=iscsi 9=glusterfs
    10=persistentVolumeClaim 11=rbd 12=flexVolume 13=cinder 14=cephfs 15=flocker 16=downwardAPI 17=fc 18=azureFile
    19=configMap 20=vsphereVolume 21=quobyte 22=azureDisk 23=photonPersistentDisk 24=portworxVolume 25=scaleIO 26=projected
    27=storageos 28=csi 29=ephemeral 30=image
ProbeHandler: 1=exec 2=httpGet 3=tcpSocket 4=grpc
EphemeralContainerCommon: 1=name 2=image 3=command 4=args 5=workingDir 6=ports 7=env 8=resources 9=volumeMounts
    10=livenessProbe 11=readinessProbe 12=lifecycle 13=terminationMessagePath 14=imagePullPolicy 15=securityContext 16=stdin
    17=stdinOnce 18=tty 19=envFrom 20=terminationMessagePolicy 21=volumeDevices 22=startupProbe 23=resizePolicy
    24=restartPolicy 25=restartPolicyRules
"""
