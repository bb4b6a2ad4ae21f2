"""Selectors of labels and fields."""

import pytest

from lifecycle.apiserver import selectors
from lifecycle.apiserver.refused import Refused

OBJECT = {"metadata": {"name": "web", "labels": {"app": "web", "tier": "front"}}, "status": {"phase": "Running"}}


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ("", True),
        ("app=web", True),
        ("app==web,tier=front", True),
        ("app!=web", False),
        ("other!=x", True),
        ("app", True),
        ("!app", False),
        ("!other", True),
        ("app in (web, api)", True),
        ("app notin (web,api),tier", False),
        ("other notin (x)", True),
    ],
)
def test_labels(selector, matches):
    assert selectors.labels(selector)(OBJECT) == matches


@pytest.mark.parametrize(
    ("selector", "matches"),
    [("metadata.name=web", True), ("status.phase!=Running", False), ("spec.nodeName=", True), ("metadata.name==x", False)],
)
def test_fields(selector, matches):
    assert selectors.fields(selector)(OBJECT) == matches


@pytest.mark.parametrize("selector", ["a b", "app in web", "=x", "(a)"])
def test_what_is_no_selector_is_refused(selector):
    with pytest.raises(Refused) as refused:
        selectors.labels(selector)
    assert refused.value.status.code == 400
