"""ServiceAccounts' tokens: JSON Web Tokens, drawn from the seed of the cluster, which alone takes them for its own.

Kubernetes: pkg/serviceaccount (claims.go, jwt.go), pkg/registry/core/serviceaccount/storage/token.go
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

import msgspec

from lifecycle.clock import SECOND, Micros
from lifecycle.core_v1.admission import Objects
from lifecycle.seeds import Seeds
from lifecycle.wire import Object

LEGACY_ISSUER, LEGACY_CLAIMS = "kubernetes/serviceaccount", "kubernetes.io/serviceaccount"
ISSUER = "https://kubernetes.default.svc.cluster.local"
EXTENDED = 365 * 24 * 3600
"""For how many seconds a token holds that was asked for to last `WARN_AFTER`, so that who never reads it anew goes on."""
WARN_AFTER = 3607
SIGNATURE_BYTES, DRAWN_AT_ONCE = 256, 64


def claims(account: Object, issued: Micros, seconds: int, audiences: Sequence[str], bound: Object, id: str) -> Object:
    """Return what a token says of an account (its metadata); `bound` are the objects that it ends with, by kind."""
    namespace, name, since = account["namespace"], account["name"], issued // SECOND
    who = {**bound, "namespace": namespace, "serviceaccount": {"name": name, "uid": account.get("uid", "")}}
    extended = seconds == WARN_AFTER and "pod" in bound and list(audiences) == [ISSUER]
    if extended:
        who["warnafter"] = since + seconds
    return {
        "aud": list(audiences),
        "exp": since + (EXTENDED if extended else seconds),
        "iat": since,
        "iss": ISSUER,
        "jti": id,
        "kubernetes.io": who,
        "nbf": since,
        "sub": user_name(namespace, name),
    }


def legacy_claims(account: Object, secret: str) -> Object:
    """Return what the token of an account (its metadata) says that a Secret holds: it ends only with that."""
    namespace, name = account["namespace"], account["name"]
    return {
        "iss": LEGACY_ISSUER,
        f"{LEGACY_CLAIMS}/namespace": namespace,
        f"{LEGACY_CLAIMS}/secret.name": secret,
        f"{LEGACY_CLAIMS}/service-account.name": name,
        f"{LEGACY_CLAIMS}/service-account.uid": account.get("uid", ""),
        "sub": user_name(namespace, name),
    }


class PodToken(msgspec.Struct, frozen=True, array_like=True):
    """A token that a kubelet asks for in a Pod's name, before it is written: whose account's it is, since when and for whom.

    `account` is the account's namespace, name and uid; `pod` and `node` are names and uids.
    """

    id: str
    account: tuple[str, str, str]
    issued: Micros
    seconds: int
    audience: str
    pod: tuple[str, str]
    node: tuple[str, str] | None

    def text(self, seeds: Seeds) -> str:
        """Return the token as the API server gives it."""
        namespace, name, uid = self.account
        bound = {"node": self.node, "pod": self.pod}
        named = {kind: {"name": one[0], "uid": one[1]} for kind, one in bound.items() if one}
        account = {"namespace": namespace, "name": name, "uid": uid}
        return signed(seeds, claims(account, self.issued, self.seconds, [self.audience], named, self.id))


def user_name(namespace: str, account: str) -> str:
    return f"system:serviceaccount:{namespace}:{account}"


def signed(seeds: Seeds, claims: Object) -> str:
    """Return a token that says so."""
    header = {"alg": "RS256", "kid": _encoded(seeds.draw(32, "token-key"))}
    text = f"{_encoded(msgspec.json.encode(header))}.{_encoded(msgspec.json.encode(claims))}"
    return f"{text}.{_signature(seeds, text)}"


def read(seeds: Seeds, token: str, now: Micros, audiences: Sequence[str] = (ISSUER,)) -> Object | None:
    """Return what a token says; None where it is none of this cluster's, for none of these audiences, or has ended."""
    text, _, signature = token.rpartition(".")
    if not text.isascii() or signature != _signature(seeds, text):
        return None
    try:
        found: Any = msgspec.json.decode(_decoded(text.rpartition(".")[2]))
    except (ValueError, binascii.Error, msgspec.DecodeError):
        return None
    if found.get("iss") == LEGACY_ISSUER:
        return _legacy(found) if ISSUER in audiences else None
    return found if set(audiences) & set(found["aud"]) and now // SECOND < found["exp"] else None


def _legacy(found: Object) -> Object:
    """Return what a Secret's token says in the form of the others."""
    namespace, secret, name, uid = (
        found[f"{LEGACY_CLAIMS}/{key}"] for key in ("namespace", "secret.name", "service-account.name", "service-account.uid")
    )
    who = {"namespace": namespace, "serviceaccount": {"name": name, "uid": uid}, "secret": {"name": secret}}
    return {"aud": [ISSUER], "iss": LEGACY_ISSUER, "kubernetes.io": who, "sub": found["sub"]}


def stands(objects: Objects, said: Object) -> bool:
    """Say whether the account of a token, and what it is bound to, are still those that it names."""
    who = said["kubernetes.io"]
    for kind, plural in (("serviceaccount", "serviceaccounts"), ("pod", "pods"), ("secret", "secrets"), ("node", "nodes")):
        if kind not in who or (kind == "node" and "pod" in who):
            continue
        found = objects.get(plural, "" if kind == "node" else who["namespace"], who[kind]["name"])
        if found is None or who[kind].get("uid", found["metadata"]["uid"]) != found["metadata"]["uid"]:
            return False
    return True


def _signature(seeds: Seeds, text: str) -> str:
    """Return what stands for a signature: nobody who does not know the seed could have drawn it."""
    parts = range(SIGNATURE_BYTES // DRAWN_AT_ONCE)
    return _encoded(b"".join(seeds.draw(DRAWN_AT_ONCE, "token-signature", part, text) for part in parts))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
