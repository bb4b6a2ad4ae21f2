"""The typed view of a Pod's spec."""

from __future__ import annotations

import msgspec
import pytest

from lifecycle.core_v1 import types


def test_fields_have_the_names_of_kubernetes_and_unknown_ones_are_left_out() -> None:
    spec = types.pod_spec(
        {
            "spec": {
                "hostPID": True,
                "setHostnameAsFQDN": True,
                "fieldOfTomorrow": {"a": 1},
                "containers": [
                    {
                        "name": "app",
                        "image": "nginx",
                        "ports": [{"containerPort": 80, "hostIP": "127.0.0.1"}],
                        "livenessProbe": {"httpGet": {"port": "web"}, "periodSeconds": 5},
                        "restartPolicyRules": [{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}],
                        "resources": {"requests": {"cpu": 1, "memory": "64Mi"}},
                    }
                ],
            }
        }
    )
    (app,) = spec.containers
    assert spec.host_pid
    assert spec.set_hostname_as_fqdn
    assert app.ports == (types.ContainerPort(container_port=80),)
    assert app.liveness_probe == types.Probe(http_get=types.HTTPGetAction(port="web"), period_seconds=5)
    assert app.restart_policy_rules[0].exit_codes == types.ExitCodes(operator="In", values=(42,))
    assert app.resources.requests == {"cpu": 1, "memory": "64Mi"}


def test_a_volume_tells_its_type_and_one_without_a_source_is_an_empty_dir() -> None:
    spec = types.pod_spec(
        {
            "spec": {
                "volumes": [
                    {"name": "a", "hostPath": {"path": "/x"}},
                    {"name": "b"},
                    {"secret": {"secretName": "s"}, "name": "c"},
                ]
            }
        }
    )
    assert [(v.name, v.type) for v in spec.volumes] == [("a", "hostPath"), ("b", "emptyDir"), ("c", "secret")]
    assert spec.volumes[0].source == {"path": "/x"}


def test_containers_come_with_the_field_that_lists_them() -> None:
    spec = types.pod_spec(
        {"spec": {"containers": [{"name": "a"}], "initContainers": [{"name": "i", "restartPolicy": "Always"}]}}
    )
    assert [(field, c.name) for field, c in spec.all_containers()] == [("initContainers", "i"), ("containers", "a")]
    assert types.sidecar(spec.init_containers[0])
    assert not types.sidecar(spec.containers[0])


def test_a_wrong_type_is_named_with_its_path() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"containers\[0\]"):
        types.pod_spec({"spec": {"containers": [{"name": 5}]}})
