"""`kubectl describe` of roles and of what gives them.

Kubernetes: kubectl/pkg/describe, kubectl/pkg/util/rbac
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lifecycle.printers.layout import described
from lifecycle.printers.metadata import Object, name_block


class Row(NamedTuple):
    """What a line of the table of rules is about."""

    group: str = ""
    resource: str = ""
    name: str = ""
    url: str = ""

    @property
    def resource_text(self) -> str:
        name, slash, subresource = self.resource.partition("/")
        return f"{name}.{self.group}{slash}{subresource}" if self.group else self.resource


Line = tuple[Row, list[str]]
"""A row and its verbs."""


def describe_role(role: Object) -> str:
    """Describe a Role or a ClusterRole: what is said of one resource in several rules stands in one line."""
    lines = [
        f"  {row.resource_text}\t{_listed(row.url)}\t{_listed(row.name)}\t{_listed(*verbs)}"
        for row, verbs in sorted(_lines(role), key=_order)
    ]
    heads = "  Resources\tNon-Resource URLs\tResource Names\tVerbs", "  ---------\t-----------------\t--------------\t-----"
    return described([*name_block(role, namespaced=False), "PolicyRule:", *heads, *lines])


def _lines(role: Object) -> list[Line]:
    """Return what is said of each resource together, and of paths verb by verb."""
    by_row: dict[Row, list[str]] = {}
    of_urls: list[Line] = []
    for rule in role.get("rules") or ():
        verbs = rule.get("verbs") or []
        for row in _rows(rule):
            said = by_row.setdefault(row, [])
            said += [verb for verb in verbs if verb not in said]
        of_urls += [(Row(url=url), [verb]) for url in rule.get("nonResourceURLs") or () for verb in verbs]
    return [*of_urls, *by_row.items()]


def _rows(rule: Object) -> Iterator[Row]:
    for group in rule.get("apiGroups") or ():
        for resource in rule.get("resources") or ():
            for name in rule.get("resourceNames") or ("",):
                yield Row(group, resource, name)


def _order(line: Line) -> str:
    """Return by what lines are sorted: the text of a rule, in which verbs come first."""
    row, verbs = line
    return "".join(map(_listed, (" ".join(verbs), row.group, row.resource, row.name, row.url)))


def _listed(*values: str) -> str:
    return f"[{' '.join(values)}]"


def describe_role_binding(binding: Object) -> str:
    ref, subjects = binding["roleRef"], binding.get("subjects") or ()
    rows = [f"  {one['kind']}\t{one['name']}\t{one.get('namespace', '')}" for one in subjects]
    heads = "  Kind\tName\tNamespace", "  ----\t----\t---------"
    role = ["Role:", f"  Kind:\t{ref['kind']}", f"  Name:\t{ref['name']}"]
    return described([*name_block(binding, namespaced=False), *role, "Subjects:", *heads, *rows])
