"""What a Pod says about where it may run: node selectors, affinity, tolerations, spreading, gates.

Kubernetes: pkg/apis/core/validation (validateAffinity, ValidateTolerations, validateTopologySpreadConstraints)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lifecycle.core_v1 import field
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.validation import formats
from lifecycle.core_v1.validation.metadata import expression_values, label_selector, wrong

Object = dict[str, Any]

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
OPERATORS = ("Equal", "Exists")
COMPARISONS = ("Lt", "Gt")
"""Operators of tolerations that are known, and not yet open to everybody."""

ACTIONS = ("DoNotSchedule", "ScheduleAnyway")


def affinity(value: Object | None, path: str) -> Iterator[Error]:
    if not value:
        return
    yield from _node_affinity(value.get("nodeAffinity") or {}, f"{path}.nodeAffinity")
    for name in ("podAffinity", "podAntiAffinity"):
        yield from _pod_affinity(value.get(name) or {}, f"{path}.{name}")


def _node_affinity(value: Object, path: str) -> Iterator[Error]:
    if REQUIRED in value:
        yield from node_selector(value[REQUIRED], f"{path}.{REQUIRED}")
    for i, term in enumerate(value.get(PREFERRED) or []):
        at = f"{path}.{PREFERRED}[{i}]"
        yield from _weight(term["weight"], at)
        yield from _node_term(term["preference"], f"{at}.preference", test_values=False)


def node_selector(selector: Object, path: str) -> Iterator[Error]:
    terms = selector.get("nodeSelectorTerms")
    if not terms:
        yield field.required(f"{path}.nodeSelectorTerms", "must have at least one node selector term")
    for i, term in enumerate(terms or []):
        yield from _node_term(term, f"{path}.nodeSelectorTerms[{i}]", test_values=True)


def _node_term(term: Object, path: str, test_values: bool) -> Iterator[Error]:
    for i, expression in enumerate(term.get("matchExpressions") or []):
        yield from _node_expression(expression, f"{path}.matchExpressions[{i}]", test_values)
    for i, expression in enumerate(term.get("matchFields") or []):
        yield from _node_field(expression, f"{path}.matchFields[{i}]")


def _node_expression(expression: Object, path: str, test_values: bool) -> Iterator[Error]:
    values = expression.get("values") or []
    if expression["operator"] in ("Gt", "Lt"):
        if len(values) != 1:
            yield field.required(f"{path}.values", "must be specified single value when `operator` is 'Lt' or 'Gt'")
    else:
        yield from expression_values(expression, path)
    yield from wrong(f"{path}.key", expression["key"], formats.label_key(expression["key"]))
    for i, value in enumerate(values if test_values else []):
        yield from wrong(f"{path}.values[{i}]", value, formats.label_value(value))


def _node_field(expression: Object, path: str) -> Iterator[Error]:
    values = expression.get("values") or []
    if expression["operator"] not in ("In", "NotIn"):
        yield field.invalid(f"{path}.operator", expression["operator"], "not a valid selector operator")
    elif len(values) != 1:
        text = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        yield field.required(f"{path}.values", text)
    if expression["key"] != "metadata.name":
        yield field.invalid(f"{path}.key", expression["key"], "not a valid field selector key")
        return
    for i, value in enumerate(values):
        yield from wrong(f"{path}.values[{i}]", value, formats.dns_subdomain(value))


def _pod_affinity(value: Object, path: str) -> Iterator[Error]:
    for i, term in enumerate(value.get(REQUIRED) or []):
        yield from _pod_term(term, f"{path}.{REQUIRED}[{i}]")
    for i, weighted in enumerate(value.get(PREFERRED) or []):
        at = f"{path}.{PREFERRED}[{i}]"
        yield from _weight(weighted["weight"], at)
        yield from _pod_term(weighted["podAffinityTerm"], f"{at}.podAffinityTerm")


def _weight(weight: int, path: str) -> Iterator[Error]:
    if not 1 <= weight <= 100:
        yield field.invalid(f"{path}.weight", weight, "must be in the range 1-100")


def _pod_term(term: Object, path: str) -> Iterator[Error]:
    yield from label_selector(term.get("labelSelector"), f"{path}.labelSelector")
    yield from label_selector(term.get("namespaceSelector"), f"{path}.namespaceSelector")
    for namespace in term.get("namespaces") or []:
        yield from wrong(f"{path}.namespace", namespace, formats.dns_label(namespace))
    yield from _match_label_keys(term, path)
    key = term["topologyKey"]
    if not key:
        yield field.required(f"{path}.topologyKey", "can not be empty")
    yield from wrong(f"{path}.topologyKey", key, formats.label_key(key))


def _match_label_keys(term: Object, path: str) -> Iterator[Error]:
    for name in ("matchLabelKeys", "mismatchLabelKeys"):
        keys = term.get(name) or []
        if keys and term.get("labelSelector") is None:
            yield field.forbidden(f"{path}.{name}", "must not be specified when labelSelector is not set")
            continue
        for i, key in enumerate(keys):
            yield from wrong(f"{path}.{name}[{i}]", key, formats.label_key(key))
    for i, key in enumerate(term.get("matchLabelKeys") or []):
        if key in (term.get("mismatchLabelKeys") or []):
            text = "exists in both matchLabelKeys and mismatchLabelKeys"
            yield field.invalid(f"{path}.matchLabelKeys[{i}]", key, text)


def tolerations(values: list[Object], path: str) -> Iterator[Error]:
    for i, toleration in enumerate(values):
        yield from _toleration(toleration, f"{path}[{i}]")


def _toleration(toleration: Object, path: str) -> Iterator[Error]:
    key, operator = toleration.get("key", ""), toleration.get("operator", "")
    value, effect = toleration.get("value", ""), toleration.get("effect", "")
    if key:
        yield from wrong(f"{path}.key", key, formats.label_key(key))
    elif operator != "Exists":
        text = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
        yield field.invalid(f"{path}.operator", operator, text)
    if "tolerationSeconds" in toleration and effect != "NoExecute":
        yield field.invalid(f"{path}.effect", effect, "effect must be 'NoExecute' when `tolerationSeconds` is set")
    if operator in ("Equal", ""):
        texts = formats.label_value(value)
        if texts:
            yield field.invalid(f"{path}.operator", value, ";".join(texts))
    elif operator == "Exists":
        if value:
            yield field.invalid(f"{path}.operator", value, "value must be empty when `operator` is 'Exists'")
    else:
        known = (*OPERATORS, *COMPARISONS) if operator in COMPARISONS else OPERATORS
        yield field.not_supported(f"{path}.operator", operator, known)
    if effect and effect not in EFFECTS:
        yield field.not_supported(f"{path}.effect", effect, EFFECTS)


def taints(values: list[Object], path: str) -> Iterator[Error]:
    """Test the taints of a Node."""
    seen = set()
    for i, taint in enumerate(values):
        at = f"{path}[{i}]"
        yield from wrong(f"{at}.key", taint["key"], formats.label_key(taint["key"]))
        texts = formats.label_value(taint.get("value", ""))
        if texts:
            yield field.invalid(f"{at}.value", taint.get("value", ""), ";".join(texts))
        if not taint["effect"]:
            yield field.required(f"{at}.effect")
        elif taint["effect"] not in EFFECTS:
            yield field.not_supported(f"{at}.effect", taint["effect"], EFFECTS)
        if (taint["key"], taint["effect"]) in seen:
            same = Error("FieldValueDuplicate", at, taint, "taints must be unique by key and effect pair")
            yield same
        seen.add((taint["key"], taint["effect"]))


def topology_spread(constraints: list[Object], path: str) -> Iterator[Error]:
    for i, constraint in enumerate(constraints):
        at = f"{path}[{i}]"
        if constraint["maxSkew"] <= 0:
            yield field.invalid(f"{at}.maxSkew", constraint["maxSkew"], "must be greater than zero")
        if not constraint["topologyKey"]:
            yield field.required(f"{at}.topologyKey", "can not be empty")
        if constraint["whenUnsatisfiable"] not in ACTIONS:
            yield field.not_supported(f"{at}.whenUnsatisfiable", constraint["whenUnsatisfiable"], ACTIONS)
        pair = (constraint["topologyKey"], constraint["whenUnsatisfiable"])
        if any(pair == (other["topologyKey"], other["whenUnsatisfiable"]) for other in constraints[i + 1 :]):
            yield field.duplicate(f"{at}.{{topologyKey, whenUnsatisfiable}}", f"{{{pair[0]}, {pair[1]}}}")
        yield from _domains_and_policies(constraint, at)
        yield from _spread_keys(constraint, f"{at}.matchLabelKeys")
        yield from label_selector(constraint.get("labelSelector"), f"{at}.labelSelector")


def _domains_and_policies(constraint: Object, path: str) -> Iterator[Error]:
    domains, action = constraint.get("minDomains"), constraint["whenUnsatisfiable"]
    if domains is not None:
        if domains <= 0:
            yield field.invalid(f"{path}.minDomains", domains, "must be greater than zero")
        if action != "DoNotSchedule":
            text = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"
            yield field.invalid(f"{path}.minDomains", domains, text)
    for name in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
        if constraint.get(name, "Honor") not in ("Honor", "Ignore"):
            yield field.not_supported(f"{path}.{name}", constraint[name], ("Honor", "Ignore"))


def _spread_keys(constraint: Object, path: str) -> Iterator[Error]:
    keys, selector = constraint.get("matchLabelKeys") or [], constraint.get("labelSelector")
    if keys and selector is None:
        yield field.forbidden(path, "must not be specified when labelSelector is not set")
    selected = {*((selector or {}).get("matchLabels") or {})}
    selected |= {expression["key"] for expression in (selector or {}).get("matchExpressions") or []}
    for i, key in enumerate(keys):
        yield from wrong(f"{path}[{i}]", key, formats.label_key(key))
        if key in selected:
            yield field.invalid(f"{path}[{i}]", key, "exists in both matchLabelKeys and labelSelector")


def gates(values: list[Object], path: str) -> Iterator[Error]:
    seen = set()
    for i, gate in enumerate(values):
        yield from wrong(f"{path}[{i}]", gate["name"], formats.label_key(gate["name"]))
        if gate["name"] in seen:
            yield field.duplicate(f"{path}[{i}]", gate["name"])
        seen.add(gate["name"])
