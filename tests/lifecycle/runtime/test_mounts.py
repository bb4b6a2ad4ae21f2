"""Mounts that do not fit where they are to be."""

from __future__ import annotations

import re
from typing import Any

import pytest

from lifecycle.clock import SECOND
from lifecycle.engine import Engine
from lifecycle.wire import DEFAULT_START, Change, Config, Request

UID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def state(volume: dict[str, Any], mount: dict[str, Any]) -> Any:
    """Return the state of a container of nginx some seconds after it was asked for."""
    engine = Engine.new(Config(DEFAULT_START))
    settings = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "settings"},
        "data": {"nginx.conf": "events {}\nhttp { server { listen 80; } }\n"},
    }
    app = {"name": "app", "image": "nginx", "volumeMounts": [{"name": "data", **mount}]}
    spec = {"containers": [app], "volumes": [{"name": "data", **volume}], "automountServiceAccountToken": False}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec}
    for resource, body in (("configmaps", settings), ("pods", pod)):
        assert engine.request(DEFAULT_START, Request("create", resource, namespace="default", body=body)).code == 201
    outputs = engine.advance(DEFAULT_START + 4 * SECOND)
    pods = [o.object for o in outputs if isinstance(o, Change) and o.object["kind"] == "Pod"]
    return pods[-1]["status"]["containerStatuses"][0]["state"]


SETTINGS = {"configMap": {"name": "settings"}}
NGINX_CONF = "/etc/nginx/nginx.conf"


@pytest.mark.parametrize(
    ("volume", "mount", "source", "flags"),
    [
        (SETTINGS, {"mountPath": NGINX_CONF}, "/var/lib/kubelet/pods/UID/volumes/kubernetes.io~configmap/data", "5001"),
        ({"emptyDir": {}}, {"mountPath": NGINX_CONF}, "/var/lib/kubelet/pods/UID/volumes/kubernetes.io~empty-dir/data", "5000"),
        ({"hostPath": {"path": "/etc"}}, {"mountPath": "/etc/passwd", "readOnly": True}, "/etc", "5001"),
        (
            SETTINGS,
            {"mountPath": "/etc/nginx", "subPath": "nginx.conf"},
            "/var/lib/kubelet/pods/UID/volume-subpaths/data/app/0",
            "5001",
        ),
        (
            SETTINGS,
            {"mountPath": NGINX_CONF, "subPath": "no-such-key"},
            "/var/lib/kubelet/pods/UID/volume-subpaths/data/app/0",
            "5001",
        ),
    ],
)
def test_a_directory_cannot_be_mounted_on_a_file_nor_a_file_on_a_directory(
    volume: dict[str, Any], mount: dict[str, Any], source: str, flags: str
) -> None:
    waiting = state(volume, mount)["waiting"]
    path = mount["mountPath"]
    assert waiting["reason"] == "RunContainerError"
    assert UID.sub("UID", waiting["message"]) == (
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
        "unable to start container process: error during container init: "
        f'error mounting "{source}" to rootfs at "{path}": mount {source}:{path} (via /proc/self/fd/6), flags: 0x{flags}: '
        "not a directory: unknown"
    )


@pytest.mark.parametrize(
    ("volume", "mount"),
    [
        (SETTINGS, {"mountPath": NGINX_CONF, "subPath": "nginx.conf"}),
        (SETTINGS, {"mountPath": "/etc/nginx/extra.conf", "subPath": "nginx.conf"}),
        (SETTINGS, {"mountPath": "/etc/nginx/extra"}),
        ({"emptyDir": {}}, {"mountPath": "/usr/share/nginx/html"}),
        ({"hostPath": {"path": "/users", "type": "FileOrCreate"}}, {"mountPath": "/etc/passwd"}),
    ],
)
def test_what_fits_is_mounted(volume: dict[str, Any], mount: dict[str, Any]) -> None:
    assert "running" in state(volume, mount)
