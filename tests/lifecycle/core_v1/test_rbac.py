"""Roles and bindings: what is filled in, what is refused, and in which words."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.core_v1 import Accepted, Status, accept, accept_update

API = "rbac.authorization.k8s.io/v1"
GROUP = "rbac.authorization.k8s.io"


def role(kind: str = "Role", **rule: Any) -> dict[str, Any]:
    whole = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"], **rule}
    return {"apiVersion": API, "kind": kind, "metadata": {"name": "r"}, "rules": [whole]}


def binding(kind: str = "RoleBinding", ref: dict[str, Any] | None = None, **subject: Any) -> dict[str, Any]:
    to = {"kind": "Role", "name": "r"} if ref is None else ref
    subjects = [{"kind": "ServiceAccount", "name": "robot", **subject}]
    return {"apiVersion": API, "kind": kind, "metadata": {"name": "b"}, "roleRef": to, "subjects": subjects}


def causes(answer: Accepted | Status) -> list[str]:
    assert isinstance(answer, Status)
    return [f"{cause['field']}: {cause['message']}" for cause in (answer.details or {})["causes"]]


def test_the_group_of_users_and_of_the_role_is_filled_in() -> None:
    answer = accept({**binding(), "subjects": [{"kind": kind, "name": "x"} for kind in ("User", "ServiceAccount")]})
    assert isinstance(answer, Accepted)
    assert answer.object["roleRef"]["apiGroup"] == GROUP
    assert [subject.get("apiGroup") for subject in answer.object["subjects"]] == [GROUP, None]


@pytest.mark.parametrize("name", ["system:reader", "With.Capitals", "a:b:c"])
def test_names_are_what_fits_into_a_path(name: str) -> None:
    assert isinstance(accept({**role(), "metadata": {"name": name}}), Accepted)
    refused = accept({**role(), "metadata": {"name": f"{name}/x"}})
    assert causes(refused) == [f"metadata.name: Invalid value: \"{name}/x\": may not contain '/'"]


@pytest.mark.parametrize(
    ("obj", "told"),
    [
        (role(verbs=[]), ["rules[0].verbs: Required value: verbs must contain at least one value"]),
        (role(apiGroups=[]), ["rules[0].apiGroups: Required value: resource rules must supply at least one api group"]),
        (role(resources=[]), ["rules[0].resources: Required value: resource rules must supply at least one resource"]),
        (
            role(nonResourceURLs=["/x"]),
            [
                'rules[0].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs',
                'rules[0].nonResourceURLs: Invalid value: ["/x"]: '
                "rules cannot apply to both regular resources and non-resource URLs",
            ],
        ),
        (role("ClusterRole", nonResourceURLs=["/x"], apiGroups=[], resources=[]), []),
        (
            role("ClusterRole") | {"aggregationRule": {}},
            [
                "aggregationRule.clusterRoleSelectors: Required value: "
                "at least one clusterRoleSelector required if aggregationRule is non-nil"
            ],
        ),
        (binding(ref={"kind": "Role", "name": ""}), ["roleRef.name: Required value"]),
        (
            binding("ClusterRoleBinding", namespace="x"),
            ['roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"'],
        ),
        (binding("ClusterRoleBinding", {"kind": "ClusterRole", "name": "r"}), ["subjects[0].namespace: Required value"]),
        (
            binding(ref={"kind": "Role", "name": "r", "apiGroup": "x"}),
            [f'roleRef.apiGroup: Unsupported value: "x": supported values: "{GROUP}"'],
        ),
        (binding(apiGroup="x"), ['subjects[0].apiGroup: Unsupported value: "x": supported values: ""']),
        (binding(name=""), ["subjects[0].name: Required value"]),
    ],
)
def test_a_role_or_binding_that_makes_no_sense_is_refused(obj: dict[str, Any], told: list[str]) -> None:
    answer = accept(obj)
    assert (causes(answer) if told else answer.__class__.__name__) == (told or "Accepted")


def test_a_subject_is_an_account_a_user_or_a_group() -> None:
    subjects = {"subjects": [{"kind": "Robot", "name": "x"}]}
    known = '"ServiceAccount", "User", "Group"'
    assert causes(accept(binding() | subjects)) == [f'subjects[0].kind: Unsupported value: "Robot": supported values: {known}']


def test_a_binding_keeps_its_role() -> None:
    old = accept(binding(), namespace="default")
    assert isinstance(old, Accepted)
    before = {**old.object, "metadata": {**old.object["metadata"], "uid": "u"}}
    refused = accept_update({**before, "roleRef": {"apiGroup": GROUP, "kind": "Role", "name": "other"}}, before)
    value = f'{{"APIGroup":"{GROUP}","Kind":"Role","Name":"other"}}'
    assert causes(refused) == [f"roleRef: Invalid value: {value}: cannot change roleRef"]
