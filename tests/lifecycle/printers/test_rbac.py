"""`kubectl describe` of roles and bindings, and their rows; the texts are kubectl 1.32's."""

from typing import Any

from lifecycle.printers.describe import describe
from lifecycle.printers.tables import table, table_text

MANY: list[dict[str, Any]] = [
    {"apiGroups": ["", "apps"], "resources": ["pods", "deployments/scale", "pods/log"], "verbs": ["get", "list"]},
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "watch"]},
    {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["a", "b"], "verbs": ["get"]},
    {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
    {"nonResourceURLs": ["/a", "/b/*"], "verbs": ["get", "post"]},
]
BINDING = {
    "kind": "ClusterRoleBinding",
    "metadata": {"name": "noders", "creationTimestamp": "2026-01-01T00:00:00Z"},
    "roleRef": {"kind": "ClusterRole", "name": "noder"},
    "subjects": [
        {"kind": "User", "name": "ann"},
        {"kind": "Group", "name": "g"},
        {"kind": "ServiceAccount", "name": "robot", "namespace": "default"},
    ],
}


def test_a_role_is_described_resource_by_resource() -> None:
    role = {"kind": "ClusterRole", "metadata": {"name": "many", "labels": {"a": "b"}}, "rules": MANY}
    assert describe(role, None, 0, {}) == DESCRIBED


def test_a_binding_is_described_with_whom_it_gives_what() -> None:
    assert describe(BINDING, None, 0, {}).splitlines()[3:] == [
        "Role:",
        "  Kind:  ClusterRole",
        "  Name:  noder",
        "Subjects:",
        "  Kind            Name   Namespace",
        "  ----            ----   ---------",
        "  User            ann    ",
        "  Group           g      ",
        "  ServiceAccount  robot  default",
    ]


def test_a_bindings_row_tells_its_role_and_all_whom_it_is_given_to() -> None:
    rows = table_text(table("clusterrolebindings", [BINDING], 1767225660_000_000), wide=True)
    assert rows.splitlines() == [
        "NAME     ROLE                AGE   USERS   GROUPS   SERVICEACCOUNTS",
        "noders   ClusterRole/noder   60s   ann     g        default/robot",
    ]


DESCRIBED = """\
Name:         many
Labels:       a=b
Annotations:  <none>
PolicyRule:
  Resources               Non-Resource URLs  Resource Names  Verbs
  ---------               -----------------  --------------  -----
  *.*                     []                 []              [*]
  pods                    []                 []              [get list watch]
  deployments/scale       []                 []              [get list]
  pods/log                []                 []              [get list]
  deployments.apps/scale  []                 []              [get list]
  pods.apps/log           []                 []              [get list]
  pods.apps               []                 []              [get list]
                          [/a]               []              [get]
                          [/b/*]             []              [get]
  secrets                 []                 [a]             [get]
  secrets                 []                 [b]             [get]
                          [/a]               []              [post]
                          [/b/*]             []              [post]
"""
