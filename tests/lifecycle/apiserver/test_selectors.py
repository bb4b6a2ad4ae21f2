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
        ("app in (,web)", True),
        ("app in ()", False),
        ("app notin ()", True),
        ("app in (web,)", True),
        ("app=", False),
        ("other=", False),
        ("tier>1", False),
        (" app = web , tier ", True),
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


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("app in web", "unable to parse requirement: found 'web' expected: '('"),
        ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("a in (b c)", "unable to parse requirement: found 'c', expected: ',' or ')'"),
        ("=x", "found '=', expected: !, identifier, or 'end of string'"),
        ("(a)", "found '(', expected: !, identifier, or 'end of string'"),
        ("a=b,", "found '', expected: identifier after ','"),
        ("a=b=c", "found '=', expected: ',' or 'end of string'"),
        ("!", "unable to parse requirement: found '', expected: identifier"),
        ("-a", 'unable to parse requirement: <nil>: Invalid value: "-a": name part must consist of'),
        ("a=-b", 'unable to parse requirement: values[0][a]: Invalid value: "-b": a valid label must be'),
        ("a>x", "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators"),
        ("a in (-b,c,-d)", 'unable to parse requirement: [values[0][a]: Invalid value: "-b": a valid label must be'),
        ("a in (b,=)", "unable to parse requirement: found '=', expected: ',', or identifier"),
        ("a in =", "unable to parse requirement: found '=' expected: '('"),
        ("a in (", "unable to parse requirement: found '', expected: ',', ')' or identifier"),
    ],
)
def test_what_is_no_selector_is_refused_in_kubernetes_words(selector, message):
    with pytest.raises(Refused) as refused:
        selectors.labels(selector)
    assert refused.value.status.code == 400
    assert refused.value.status.message.startswith(message)


@pytest.mark.parametrize(
    ("resource", "known", "unknown"),
    [("events", "involvedObject.name", "regarding.name"), ("events.events.k8s.io", "regarding.name", "involvedObject.name")],
)
def test_events_are_selected_by_the_fields_of_the_group_that_is_asked(resource, known, unknown):
    event = {"metadata": {"name": "e"}, "involvedObject": {"name": "web"}}
    assert selectors.fields(f"{known}=web", resource)(event)
    with pytest.raises(Refused) as refused:
        selectors.fields(f"{unknown}=web", resource)
    assert refused.value.status.message == f"field label not supported: {unknown}"
