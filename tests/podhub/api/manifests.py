"""A good object of each kind that is served, as somebody posts it."""

from __future__ import annotations

from typing import Any

import yaml

MANIFESTS: list[dict[str, Any]] = list(
    yaml.safe_load_all("""
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  initContainers: [{name: prepare, image: busybox, command: [sh, -c, "true"], restartPolicy: Always}]
  containers:
  - name: main
    image: busybox:1.28
    command: [sh, -c, "sleep 5"]
    env: [{name: A, value: b}, {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}]
    envFrom: [{configMapRef: {name: a, optional: true}}]
    ports: [{containerPort: 80, name: http}]
    resources: {limits: {cpu: 100m, memory: 64Mi}, requests: {cpu: 50m}}
    livenessProbe: {httpGet: {path: /, port: http, httpHeaders: [{name: X, value: "1"}]}, periodSeconds: 2}
    readinessProbe: {exec: {command: ["true"]}}
    startupProbe: {tcpSocket: {port: 80}}
    lifecycle: {postStart: {exec: {command: ["true"]}}, preStop: {sleep: {seconds: 1}}}
    volumeMounts: [{name: scratch, mountPath: /scratch}, {name: settings, mountPath: /settings, subPath: a}]
    securityContext: {runAsUser: 1000, capabilities: {add: [NET_ADMIN]}}
  volumes:
  - {name: scratch, emptyDir: {sizeLimit: 1Gi}}
  - {name: settings, configMap: {name: a, items: [{key: a, path: a}], optional: true}}
  - {name: all, projected: {sources: [{downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}]}}]}}
  affinity:
    nodeAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        nodeSelectorTerms: [{matchExpressions: [{key: a, operator: DoesNotExist}]}]
  tolerations: [{key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 5}]
  topologySpreadConstraints:
  - {maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: web}}}
  securityContext: {fsGroup: 1, sysctls: [{name: net.ipv4.ip_unprivileged_port_start, value: "0"}]}
  hostAliases: [{ip: 127.0.0.2, hostnames: [a]}]
  readinessGates: [{conditionType: example.com/gate}]
  terminationGracePeriodSeconds: 3
---
apiVersion: v1
kind: Pod
metadata: {generateName: gen-, annotations: {podhub.dev/behavior.main: "{listens: [{port: 80}]}"}}
spec: {restartPolicy: Never, containers: [{name: main, image: nginx}], schedulingGates: [{name: a.b/c}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}], sessionAffinity: ClientIP}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: a, finalizers: [a.b/c], ownerReferences: [{apiVersion: v1, kind: Pod, name: web, uid: x}]}
data: {a: b}
binaryData: {c: AAECAw==}
---
apiVersion: v1
kind: Secret
metadata: {name: a}
type: Opaque
data: {a: Yg==}
stringData: {b: c}
---
apiVersion: v1
kind: Namespace
metadata: {name: other}
---
apiVersion: v1
kind: Node
metadata: {name: b, labels: {a: b}}
spec: {taints: [{key: a, effect: NoSchedule}], unschedulable: true}
status: {capacity: {cpu: "4", memory: 8Gi, pods: "10"}}
---
apiVersion: v1
kind: Event
metadata: {name: a, namespace: default}
involvedObject: {kind: Pod, namespace: default, name: web, uid: x}
reason: Because
message: so it is
type: Normal
count: 3
firstTimestamp: "2026-11-21T08:26:19Z"
lastTimestamp: "2026-11-21T08:26:19Z"
---
apiVersion: events.k8s.io/v1
kind: Event
metadata: {name: b, namespace: default}
regarding: {kind: Pod, namespace: default, name: web}
eventTime: "2026-11-21T08:26:19.000000Z"
reason: Because
note: so it is
type: Normal
action: Doing
reportingController: me
reportingInstance: here
---
apiVersion: v1
kind: Endpoints
metadata: {name: a}
subsets: [{addresses: [{ip: 10.0.0.1}], ports: [{name: http, port: 80}]}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: a, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
endpoints: [{addresses: [10.0.0.1], conditions: {ready: true}}]
ports: [{name: http, port: 80}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: a}
imagePullSecrets: [{name: a}]
automountServiceAccountToken: false
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: a}
spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], hostPath: {path: /data}, storageClassName: fast}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: a}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}, storageClassName: fast}
---
apiVersion: v1
kind: LimitRange
metadata: {name: a}
spec: {limits: [{type: Container, min: {cpu: 1m}, max: {cpu: "4"}, default: {memory: 64Mi}, maxLimitRequestRatio: {cpu: "10"}}]}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: a}
spec:
  hard: {pods: "500", requests.cpu: "90", count/secrets: "50"}
  scopeSelector: {matchExpressions: [{scopeName: PriorityClass, operator: DoesNotExist}]}
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: a}
value: 1000
preemptionPolicy: Never
---
apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata: {name: a}
handler: runc
overhead: {podFixed: {cpu: 10m}}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: fast}
provisioner: example.com/disk
volumeBindingMode: WaitForFirstConsumer
allowedTopologies: [{matchLabelExpressions: [{key: a, values: [b]}]}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: a}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
---
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: a}
spec: {holderIdentity: me, leaseDurationSeconds: 5, renewTime: "2026-11-21T08:26:19.000000Z"}
---
apiVersion: podhub.dev/v1
kind: Fault
metadata: {name: a}
spec: {type: PortSlow, pod: web, port: 80, delay: 1s}
""")
)
