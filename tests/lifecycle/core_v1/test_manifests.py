"""Reading what people submit: every sort of bad input, and YAML as kubectl reads it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.core_v1 import check
from lifecycle.core_v1.manifests import Problem, Submitted, parse

POD = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\nspec:\n  containers:\n  - name: app\n    image: nginx\n"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{outer}: &{outer} [{', '.join([f'*{inner}'] * 9)}]\n" for inner, outer in zip("abcdefgh", "bcdefghi", strict=True)
)


def only(submitted: Submitted) -> Problem:
    (problem,) = submitted.problems
    assert not submitted.documents
    return problem


@pytest.mark.parametrize(
    ("source", "line", "column", "message"),
    [
        ("a:\n\tb: 1\n", 2, 1, "found character that cannot start any token"),
        ("a: [1,2\nb: 3\n", 2, 2, "did not find expected ',' or ']'"),
        ("a:\n  b: 1\n c: 2\n", 3, 2, "did not find expected key"),
        ("a: b: c\n", 1, 5, "mapping values are not allowed in this context"),
        ("a: 'x\n", 2, 1, "found unexpected end of stream"),
        ("", 1, 1, "no objects in this text"),
        ("# nothing\n---\n", 1, 1, "no objects in this text"),
        ("- a\n", 1, 1, "an object is wanted here, not a list"),
        ("hello\n", 1, 1, "an object is wanted here, not text"),
        ("a: 1\nb: \x00\n", 2, 4, "control characters are not allowed (U+0000)"),
        (b"a: caf\xe9\n", 1, 7, "byte 0xe9 is not text in UTF-8"),
        (b"\x89PNG\r\n\x1a\n\x00", 1, 1, "byte 0x89 is not text in UTF-8"),
        ("a: &a [*a]\n", 1, 8, "anchor 'a' value contains itself"),
        ("a: *b\n", 1, 4, "unknown anchor 'b' referenced"),
        (BOMB, 6, 8, "more than 100,000 values, once its aliases are followed"),
        ("a: " + "[" * 1000 + "]" * 1000, 1, 67, "nested more than 64 levels deep"),
        ("? [a]\n: b\n", 1, 3, "a key must be text, not a mapping or a list"),
        ("a: .inf\n", 1, 4, "json: unsupported value: .inf"),
        ("a: " + "9" * 10_000, 1, 4, "json: unsupported value: a whole number of 10,000 digits"),
        ("a:\n  b: 1\n\tc: 2\n", 3, 1, "found a tab character that violates indentation"),
        ('{"a": 1,}', 1, 8, None),
        ('{"a": NaN}', 1, 1, "json: unsupported value: NaN"),
    ],
)
def test_bad_text_is_told_with_its_place_and_what_to_do(source: Any, line: int, column: int, message: str | None) -> None:
    problem = only(parse(source))
    assert problem.line == line
    assert message is None or (problem.column, problem.message) == (column, message)
    assert problem.what_to_do


@pytest.mark.parametrize("source", [BOMB, '{"a":' * 1000 + "1" + "}" * 1000, "a: " + "x" * 10_000_000, "- {a: b}\n" * 130_000])
def test_what_is_too_much_is_refused_at_once(source: str) -> None:
    begin = time.process_time()
    assert parse(source).problems
    assert time.process_time() - begin < 2


def test_one_bad_document_of_several_is_told_and_the_others_are_read() -> None:
    text = POD.format(name="a") + "---\nkind: [\n--- # next\n" + POD.format(name="b")
    submitted = parse(text)
    assert [document.value["metadata"]["name"] for document in submitted.documents] == ["a", "b"]
    assert [(problem.document, problem.line) for problem in submitted.problems] == [(2, 11)]
    assert submitted.documents[1].where("spec.containers[0].image") == (19, 5)


def test_more_than_two_hundred_documents_are_refused() -> None:
    assert len(parse("---\n".join([POD.format(name="a")] * 200)).documents) == 200
    assert "more than 200 documents" in only(parse("---\n".join([POD.format(name="a")] * 201))).message


def test_more_than_a_thousand_objects_are_refused_however_they_are_spread_over_lists() -> None:
    items = "".join(f"- {{kind: Pod, metadata: {{name: p{n}}}}}\n" for n in range(500))
    one = f"apiVersion: v1\nkind: List\nitems:\n{items}"
    submitted = parse(f"{one}---\n{one}")
    assert len(submitted.documents) == 1000
    assert submitted.documents[999].where("metadata.name")[0] == 1007
    assert "more than 1,000 objects" in only(parse(f"{one}---\n{one}---\n{POD.format(name='a')}")).message


def test_scalars_mean_what_they_mean_to_kubectl() -> None:
    text = "a: yes\nb: off\nc: 010\nd: 0o10\ne: 2026-01-01\nf: 1_000\ng: 1e3\nh: 1.50\ni: ~\nj: 'yes'\nk: 1:30\nl: y\nm: 0x1F\n"
    (document,) = parse(text).documents
    assert document.value == {
        "a": True, "b": False, "c": 8, "d": 8, "e": "2026-01-01", "f": 1000, "g": 1000, "h": 1.5, "i": None, "j": "yes",
        "k": "1:30", "l": True, "m": 31,
    }  # fmt: skip


def test_keys_become_text_and_merged_mappings_yield_to_own_keys() -> None:
    (document,) = parse("base: &b {x: 1, z: 2}\nown:\n  <<: *b\n  z: 3\n1: one\non: true\n").documents
    assert document.value == {"base": {"x": 1, "z": 2}, "own": {"x": 1, "z": 3}, "1": "one", "true": True}


def test_a_repeated_key_is_a_warning_at_its_line_and_the_last_one_counts() -> None:
    submitted = parse("kind: A\nkind: B\n")
    assert submitted.documents[0].value == {"kind": "B"}
    (warning,) = submitted.warnings
    assert (warning.line, warning.field) == (2, "kind")
    assert "first on line 1" in warning.message


def test_json_may_be_indented_with_tabs_and_several_objects_may_follow_each_other() -> None:
    submitted = parse('{\n\t"kind": "A",\n\t"n": 1.0\n}\n{"kind": "B"}')
    assert [document.value for document in submitted.documents] == [{"kind": "A", "n": 1}, {"kind": "B"}]
    assert submitted.documents[0].where("n") == (3, 2)
    assert submitted.documents[1].where("kind") == (5, 2)


def test_the_items_of_a_list_are_documents_with_their_own_places() -> None:
    items = "apiVersion: v1\nkind: List\nitems:\n- kind: A\n- kind: B\n  metadata: {name: b}\n"
    first, second = parse(items).documents
    assert first.where("kind") == (4, 3)
    assert second.where("metadata.name") == (6, 14)
    assert second.where("spec.containers") == (5, 3)


def test_fields_are_found_by_their_names_also_those_of_maps() -> None:
    text = "spec:\n  limits:\n    example.com/gpu: 1\n"
    (document,) = parse(text).documents
    assert document.where("spec.limits[example.com/gpu]") == (3, 5)
    assert document.where("spec.limits[cpu]") == (2, 3)


@given(st.text(max_size=60) | st.binary(max_size=60))
def test_no_text_makes_reading_fail(source: str | bytes) -> None:
    checked = check(source)
    assert checked.problems or checked.documents


def test_problems_come_in_the_order_of_their_lines_with_advice() -> None:
    text = (
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: Web\nspec:\n  containers:\n  - name: app\n    imagee: nginx\n"
        "  lifecycle: {}\n"
    )
    assert [(problem.line, problem.field, problem.what_to_do) for problem in check(text).problems] == [
        (4, "metadata.name", "Change the value."),
        (7, "spec.containers[0].image", "Add it."),
        (8, "spec.containers[0].imagee", "Did you mean image?"),
        (9, "spec.lifecycle", "lifecycle is a field of spec.containers: indent it below."),
    ]


def test_fields_of_another_level_are_sent_there() -> None:
    text = POD.format(name="a") + "    ports:\n    - containerPort: 80\n      volumeMounts: []\nrestartPolicy: Never\n"
    assert [problem.what_to_do for problem in check(text).problems] == [
        "volumeMounts is a field of spec.containers[0]: indent it less.",
        "restartPolicy is a field of spec: indent it below.",
    ]


@pytest.mark.parametrize(
    ("head", "field", "message", "advice"),
    [
        ("apiVersion: v1", "kind", "kind not set", "Add kind: Pod."),
        ("kind: Pod", "apiVersion", "apiVersion not set", "Add apiVersion: v1."),
        ("apiVersion: v1\nkind: Podd", "kind", 'no matches for kind "Podd" in version "v1"', "Did you mean Pod?"),
        (
            "apiVersion: apps/v1\nkind: Pod",
            "apiVersion",
            'no matches for kind "Pod" in version "apps/v1"',
            "Write apiVersion: v1.",
        ),
    ],
)
def test_an_unknown_kind_is_told_with_what_is_known(head: str, field: str, message: str, advice: str) -> None:
    (problem,) = check(head + "\nmetadata: {name: a}\n").problems
    assert (problem.field, problem.message, problem.what_to_do) == (field, message, advice)


def test_the_same_object_twice_in_one_text_is_told_at_the_second() -> None:
    text = POD.format(name="a") + "---\n" + POD.format(name="a")
    (problem,) = check(text).problems
    assert problem.line == 13
    assert 'pods "a" already exists: this text has it on line 4' in problem.message


def test_an_object_may_name_one_that_stands_before_it_in_the_text() -> None:
    high = "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: high}\nvalue: 5\n"
    robot = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: robot}\n"
    user = POD.format(name="a") + "  priorityClassName: high\n  serviceAccountName: robot\n"
    assert check("---\n".join([high, robot, user])).problems == ()
    (problem,) = check("---\n".join([high, user, robot])).problems
    assert (problem.line, problem.field) == (15, "spec.serviceAccountName")


@pytest.mark.parametrize("value", ["5", "[1]", "{a: 1}", "yes"])
def test_malformed_metadata_is_a_problem_and_no_more(value: str) -> None:
    text = f"apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {{name: {value}}}\nvalue: {value}\n"
    assert check("---\n".join([text, POD.format(name="a")])).problems


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("  hostNetwork: 'yes'", "Write true or false, without quotes."),
        ("  nodeName: 5", "Write text; put what YAML takes for a number or a boolean in quotes."),
        ("  terminationGracePeriodSeconds: '5'", "Write a whole number, without quotes."),
        ("  volumes: {}", "Write a list: items below it that begin with a dash."),
        ("  nodeSelector: []", "Write names and values below it, indented."),
        ("  affinity: x", "Write its fields below it, indented."),
        ("  overhead: {cpu: lots}", "Write an amount such as 250m, 64Mi or 2."),
    ],
)
def test_a_value_of_the_wrong_type_comes_with_what_to_write(line: str, advice: str) -> None:
    (problem,) = check(POD.format(name="a") + line + "\n").problems
    assert (problem.line, problem.what_to_do) == (9, advice)


def test_half_a_character_in_json_becomes_what_encoding_json_makes_of_it() -> None:
    text = '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"hostname": "\\ud800", "containers": []}}'
    assert parse(text).documents[0].value["spec"]["hostname"] == "\ufffd"
    assert any("hostname" in problem.field for problem in check(text).problems)
