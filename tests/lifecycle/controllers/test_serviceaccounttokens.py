"""Secrets that hold the token of a ServiceAccount."""

from __future__ import annotations

import base64

from lifecycle import tokens
from lifecycle.controllers.serviceaccounttokens import ACCOUNT_NAME, ACCOUNT_UID, TOKEN_TYPE, ServiceAccountTokens
from lifecycle.wire import Object
from tests.lifecycle.rooms import Rooms


def cluster(**annotations: str) -> Rooms:
    """Return a cluster with the account `robot` and a Secret for its token."""
    rooms = Rooms()
    rooms.kernel.rooms["serviceaccounttokens"] = ServiceAccountTokens(rooms.kernel)
    rooms.request("create", "serviceaccounts", {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}})
    said = {ACCOUNT_NAME: "robot", **annotations}
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "robot-token", "annotations": said}, "type": TOKEN_TYPE}
    assert rooms.request("create", "secrets", body).code == 201
    rooms.run(1)
    return rooms


def secret(rooms: Rooms) -> Object | None:
    return rooms.api.get("secrets", "default", "robot-token")


def said(rooms: Rooms) -> Object | None:
    found = secret(rooms)
    assert found is not None
    token = base64.b64decode(found["data"]["token"]).decode()
    return tokens.read(rooms.kernel.seeds, token, rooms.kernel.now)


def test_a_secret_for_a_token_is_filled() -> None:
    rooms = cluster()
    found, account = secret(rooms), rooms.api.get("serviceaccounts", "default", "robot")
    assert found is not None
    assert account is not None
    assert sorted(found["data"]) == ["ca.crt", "namespace", "token"]
    assert base64.b64decode(found["data"]["namespace"]) == b"default"
    assert found["metadata"]["annotations"][ACCOUNT_UID] == account["metadata"]["uid"]


def test_its_token_is_the_accounts_and_has_no_end() -> None:
    rooms = cluster()
    rooms.run(10 * 365 * 24 * 3600)
    found = said(rooms)
    assert found is not None
    assert found["sub"] == "system:serviceaccount:default:robot"
    assert tokens.stands(rooms.api, found)


def test_it_ends_with_its_secret() -> None:
    rooms = cluster()
    found = said(rooms)
    assert found is not None
    rooms.request("delete", "secrets", name="robot-token")
    assert not tokens.stands(rooms.api, found)


def test_the_secret_goes_with_its_account() -> None:
    rooms = cluster()
    rooms.request("delete", "serviceaccounts", name="robot")
    rooms.run(1)
    assert secret(rooms) is None


def test_a_secret_for_an_account_that_is_not_there_goes_at_once() -> None:
    assert secret(cluster(**{ACCOUNT_NAME: "nobody"})) is None


def test_a_secret_for_another_account_of_that_name_goes_at_once() -> None:
    assert secret(cluster(**{ACCOUNT_UID: "another"})) is None


def test_what_is_taken_out_of_a_secret_comes_back() -> None:
    rooms = cluster()
    found = secret(rooms)
    assert found is not None
    rooms.request("update", "secrets", {**found, "data": {}}, name="robot-token")
    rooms.run(1)
    assert said(rooms) is not None
