"""The room `serviceaccounttokens`: Secrets that are made for the token of a ServiceAccount get one, and end with the account.

Kubernetes: pkg/controller/serviceaccount/tokens_controller.go, pkg/serviceaccount/legacy.go
"""

from __future__ import annotations

import base64

import msgspec

from lifecycle import tokens
from lifecycle.clock import MILLISECOND, Micros
from lifecycle.kernel import Kernel
from lifecycle.programs.network import CONTROL_PLANE
from lifecycle.wire import Object

LATENCY: Micros = 5 * MILLISECOND
TOKEN_TYPE = "kubernetes.io/service-account-token"
ACCOUNT_NAME, ACCOUNT_UID = "kubernetes.io/service-account.name", "kubernetes.io/service-account.uid"


class ServiceAccountTokensState(msgspec.Struct):
    """This room remembers nothing: everything stands in the objects."""


class ServiceAccountTokens:
    def __init__(self, kernel: Kernel, state: ServiceAccountTokensState | None = None) -> None:
        self.kernel = kernel
        self.state = state or ServiceAccountTokensState()
        self.api = kernel.rooms["apiserver"]
        self.api.inform(self.observe, "secrets", "serviceaccounts")

    def observe(self, resource: str, type: str, old: Object | None, new: Object | None) -> None:
        if resource == "secrets":
            if new is not None and new.get("type") == TOKEN_TYPE:
                self._look_at(new)
        elif new is None and old is not None:
            namespace, name = old["metadata"]["namespace"], old["metadata"]["name"]
            for secret in self.api.list("secrets", namespace):
                if secret.get("type") == TOKEN_TYPE and _annotations(secret).get(ACCOUNT_NAME) == name:
                    self._look_at(secret)

    def _look_at(self, secret: Object) -> None:
        metadata = secret["metadata"]
        self.kernel.after(LATENCY, "serviceaccounttokens", "secret", metadata["namespace"], metadata["name"])

    def on_secret(self, namespace: str, name: str) -> None:
        """Fill a Secret with what it lacks; delete it where its account is gone, or another one of that name."""
        secret = self.api.get("secrets", namespace, name)
        if secret is None or secret.get("type") != TOKEN_TYPE:
            return
        said = _annotations(secret)
        account = self.api.get("serviceaccounts", namespace, said.get(ACCOUNT_NAME, ""))
        if account is None or said.get(ACCOUNT_UID, account["metadata"]["uid"]) != account["metadata"]["uid"]:
            self.api.delete("secrets", namespace, name)
            return
        whole = self._filled(secret, account["metadata"])
        if whole != secret:
            self.api.update("secrets", whole)

    def _filled(self, secret: Object, account: Object) -> Object:
        data = dict(secret.get("data") or {})
        namespace, name = secret["metadata"]["namespace"], secret["metadata"]["name"]
        data["ca.crt"] = _encoded(CONTROL_PLANE.certificate)
        data["namespace"] = data.get("namespace") or _encoded(namespace)
        data["token"] = data.get("token") or _encoded(tokens.signed(self.kernel.seeds, tokens.legacy_claims(account, name)))
        annotations = {**_annotations(secret), ACCOUNT_UID: account["uid"]}
        return {**secret, "data": data, "metadata": {**secret["metadata"], "annotations": annotations}}


def _annotations(secret: Object) -> dict[str, str]:
    return secret["metadata"].get("annotations") or {}


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
