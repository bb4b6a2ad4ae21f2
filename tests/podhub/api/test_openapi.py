"""The served OpenAPI: whole, and in Kubernetes' own words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from lifecycle.apiserver.resources import GROUP_VERSIONS
from podhub.api import openapi, openapi_v2

CORE = "io.k8s.api.core.v1"


def schemas(group_version: str) -> dict[str, Any]:
    document = openapi.document(group_version)
    assert document is not None
    found: dict[str, Any] = json.loads(document.body)["components"]["schemas"]
    return found


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        yield from references(inner)


@pytest.mark.parametrize("group_version", GROUP_VERSIONS)
def test_every_reference_leads_to_a_schema_and_every_required_field_is_there(group_version: str) -> None:
    document = openapi.document(group_version)
    assert document is not None
    body = json.loads(document.body)
    known = {f"#/components/schemas/{name}" for name in body["components"]["schemas"]}
    assert set(references(body)) <= known
    for name, schema in body["components"]["schemas"].items():
        assert set(schema.get("required", ())) <= schema.get("properties", {}).keys(), name


def test_texts_keep_their_paragraphs_and_lists() -> None:
    found = schemas("v1")
    ready = found[f"{CORE}.ContainerStatus"]["properties"]["ready"]["description"]
    assert "(see Started field).\n\nThe value is typically used" in ready
    group = found[f"{CORE}.PodSecurityContext"]["properties"]["fsGroup"]["description"]
    assert ":\n\n1. The owning GID will be the FSGroup" in group
    assert found[f"{CORE}.ConfigMapList"]["properties"]["items"]["description"] == "Items is the list of ConfigMaps."


def test_examples_in_the_text_of_a_type_stay_as_they_are() -> None:
    text = schemas("v1")[f"{CORE}.EndpointSubset"]["description"]
    assert "x Ports. For example, given:\n\n\t{\n\t  Addresses: [" in text
    assert '"port": 309}]\n\t}\n\nThe resulting set of endpoints can be viewed as:\n\n\ta: [' in text


def test_defaults_enums_and_merge_keys_are_kubernetes_own() -> None:
    found = schemas("v1")
    port = found[f"{CORE}.ContainerPort"]["properties"]
    assert (port["protocol"]["default"], port["protocol"]["enum"]) == ("TCP", ["SCTP", "TCP", "UDP"])
    assert port["containerPort"]["default"] == 0
    containers = found[f"{CORE}.PodSpec"]["properties"]["containers"]
    assert containers["items"] == {"$ref": f"#/components/schemas/{CORE}.Container"}
    assert containers["x-kubernetes-list-map-keys"] == ["name"]
    assert found[f"{CORE}.LocalObjectReference"]["x-kubernetes-map-type"] == "atomic"
    assert found[f"{CORE}.ResourceRequirements"]["properties"]["claims"]["x-kubernetes-list-type"] == "map"
    assert found[f"{CORE}.Event"]["required"] == ["metadata", "involvedObject"]
    slices = schemas("discovery.k8s.io/v1")["io.k8s.api.discovery.v1.EndpointSlice"]["properties"]
    assert slices["ports"]["items"] == {"$ref": "#/components/schemas/io.k8s.api.discovery.v1.EndpointPort"}


def test_what_is_managed_part_by_part_is_marked() -> None:
    found = schemas("v1")
    volume = found[f"{CORE}.PersistentVolumeSpec"]["properties"]
    assert volume["claimRef"]["x-kubernetes-map-type"] == "granular"
    claim = found[f"{CORE}.PersistentVolumeClaimStatus"]["properties"]
    assert claim["allocatedResourceStatuses"]["x-kubernetes-map-type"] == "granular"
    status = found[f"{CORE}.PodStatus"]["properties"]["nodeAllocatableResourceClaimStatuses"]
    assert status["x-kubernetes-list-type"] == "atomic"


def test_a_dash_at_the_end_of_a_full_line_is_no_list() -> None:
    text = schemas("v1")[f"{CORE}.PersistentVolumeSpec"]["properties"]["mountOptions"]["description"]
    assert "Not validated - mount will simply fail" in text


@pytest.mark.parametrize(
    ("accept", "type"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("application/com.github.proto-openapi.spec.v2@v1.0+protobuf", openapi_v2.PROTOBUF),
        ("text/html, application/com.github.proto-openapi.spec.v2.v1.0+protobuf", openapi_v2.PROTOBUF),
    ],
)
def test_v2_is_served_as_it_is_asked_for(accept: str, type: str) -> None:
    served = openapi_v2.served(accept)
    assert served is not None
    assert served[1] == type
    assert (served[0][:1] == b"{") == (type == "application/json")


def test_v2_is_served_as_nothing_else() -> None:
    assert openapi_v2.served("text/html") is None


def test_the_json_of_v2_describes_what_that_of_v3_does() -> None:
    document = json.loads(openapi_v2.as_json())
    assert document["swagger"] == "2.0"
    text = json.dumps(document)
    assert "/components/" not in text
    assert "oneOf" not in text
    assert set(references(document)) <= {f"#/definitions/{name}" for name in document["definitions"]}
    made = document["paths"]["/api/v1/namespaces/{namespace}/pods"]
    assert made["parameters"] == [{"name": "namespace", "in": "path", "required": True, "type": "string"}]
    assert made["post"]["parameters"][0] == {
        "name": "body",
        "in": "body",
        "required": True,
        "schema": {"$ref": "#/definitions/io.k8s.api.core.v1.Pod"},
    }
    assert made["get"]["responses"]["200"]["schema"] == {"$ref": "#/definitions/io.k8s.api.core.v1.PodList"}
    port = document["definitions"]["io.k8s.apimachinery.pkg.util.intstr.IntOrString"]
    assert (port["type"], port["format"]) == ("string", "int-or-string")
