"""metav1.Status: the codes, reasons and words of Kubernetes."""

from __future__ import annotations

import pytest

from lifecycle.core_v1 import Status, status
from lifecycle.core_v1.field import invalid, required
from lifecycle.core_v1.schema import KINDS

POD = KINDS["v1", "Pod"]
SLICE = KINDS["discovery.k8s.io/v1", "EndpointSlice"]


@pytest.mark.parametrize(
    ("answer", "code", "reason", "message"),
    [
        (status.not_found(POD, "web"), 404, "NotFound", 'pods "web" not found'),
        (status.not_found(SLICE, "web"), 404, "NotFound", 'endpointslices.discovery.k8s.io "web" not found'),
        (status.already_exists(POD, "web"), 409, "AlreadyExists", 'pods "web" already exists'),
        (
            status.conflict(POD, "web"),
            409,
            "Conflict",
            'Operation cannot be fulfilled on pods "web": the object has been modified; '
            "please apply your changes to the latest version and try again",
        ),
        (status.forbidden(POD, "web", "no"), 403, "Forbidden", 'pods "web" is forbidden: no'),
        (status.forbidden(POD, "", "no"), 403, "Forbidden", "pods is forbidden: no"),
        (
            status.method_not_allowed(POD, "patch"),
            405,
            "MethodNotAllowed",
            'patch is not supported on resources of kind "pods"',
        ),
        (status.no_such_path(), 404, "NotFound", "the server could not find the requested resource"),
        (status.too_large(), 413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728"),
        (status.expired(3, 7), 410, "Expired", "too old resource version: 3 (7)"),
        (status.timeout("no writer"), 504, "Timeout", "Timeout: no writer"),
    ],
)
def test_each_has_its_code_reason_and_message(answer: Status, code: int, reason: str, message: str) -> None:
    obj = answer.object()
    assert (obj["code"], obj["reason"], obj["message"], obj["status"]) == (code, reason, message, "Failure")


def test_details_name_the_plural_but_the_kind_where_something_is_invalid() -> None:
    assert status.not_found(SLICE, "x").details == {"name": "x", "group": "discovery.k8s.io", "kind": "endpointslices"}
    answer = status.invalid(SLICE, "x", [required("a"), invalid("b", 1, "must be 2"), required("a")])
    assert (
        answer.message == 'EndpointSlice.discovery.k8s.io "x" is invalid: [a: Required value, b: Invalid value: 1: must be 2]'
    )
    assert answer.details
    assert answer.details["kind"] == "EndpointSlice"
    assert [cause["field"] for cause in answer.details["causes"]] == ["a", "b", "a"]


def test_a_success_has_no_code() -> None:
    assert status.success(POD, "web", "u").object() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {"name": "web", "kind": "pods", "uid": "u"},
    }
