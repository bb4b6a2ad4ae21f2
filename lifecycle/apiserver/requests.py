"""Requests and their answers: from what was posted to what is stored."""

from __future__ import annotations

from typing import Any

from lifecycle.apiserver import admission, resources, status
from lifecycle.apiserver.resources import Resource
from lifecycle.apiserver.status import StatusError
from lifecycle.kernel import Kernel
from lifecycle.wire import Answer, Object, Request


class Requests:
    """What an API server does with a request. It remembers nothing."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel

    def answer(self, index: int, request: Request) -> Answer:
        """Do what is asked and say what came of it; never raises."""
        try:
            code, body = self._do(request)
        except StatusError as error:
            return Answer(index, error.code, error.body)
        return Answer(index, code, body)

    def _do(self, request: Request) -> tuple[int, Object]:
        if request.verb == "create":
            return 201, self._create(request)
        if request.verb == "delete":
            return 200, self._delete(request)
        raise status.method_not_allowed(None, request.verb)

    def _create(self, request: Request) -> Object:
        api = self.kernel.rooms["apiserver"]
        resource = self._resource(request)
        obj: Object = request.body
        metadata = {**(obj.get("metadata") or {})}
        if resource.namespaced:
            metadata["namespace"] = request.namespace or metadata.get("namespace") or "default"
        if metadata.get("name") and api.get(resource.plural, metadata.get("namespace", ""), metadata["name"]):
            raise status.already_exists(resource, metadata["name"])
        obj = {**obj, "metadata": metadata}
        if resource.plural == "pods":
            obj = self._new_pod(obj)
        created: Object = api.create(resource.plural, obj)
        return created

    def _new_pod(self, pod: Object) -> Object:
        pod = _with_defaults(pod)
        pod = admission.admit_pod(self.kernel, pod)
        return {**pod, "status": admission.new_status(self.kernel, pod, "BestEffort")}

    def _delete(self, request: Request) -> Object:
        api = self.kernel.rooms["apiserver"]
        resource = self._resource(request)
        namespace = (request.namespace or "default") if resource.namespaced else ""
        grace = (request.body or {}).get("gracePeriodSeconds")
        left = api.delete(resource.plural, namespace, request.name, grace=grace)
        if left is None:
            raise status.not_found(resource, request.name)
        return dict(left)

    def _resource(self, request: Request) -> Resource:
        resource = resources.find(request.group_version, request.resource)
        if resource is None:
            raise status.no_such_page()
        return resource


def _with_defaults(pod: Object) -> Object:
    spec = {
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "securityContext": {},
        "schedulerName": "default-scheduler",
        "enableServiceLinks": True,
        **pod["spec"],
    }
    for group in ("containers", "initContainers"):
        if spec.get(group):
            spec[group] = [_container_defaults(container) for container in spec[group]]
    return {**pod, "spec": spec}


def _container_defaults(container: dict[str, Any]) -> dict[str, Any]:
    tag = container["image"].rpartition("/")[2].partition(":")[2]
    new = {
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "Always" if tag in ("", "latest") else "IfNotPresent",
        **container,
    }
    if "ports" in new:
        new["ports"] = [{"protocol": "TCP", **port} for port in new["ports"]]
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if name in new:
            new[name] = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3, **new[name]}
            if "httpGet" in new[name]:
                new[name]["httpGet"] = {"path": "/", "scheme": "HTTP", **new[name]["httpGet"]}
    return new
