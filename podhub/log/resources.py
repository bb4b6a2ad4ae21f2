"""The name under which an object's changes are filed."""

from __future__ import annotations

from lifecycle.wire import Object


def resource_of(obj: Object) -> str:
    """Return the plural of an object's kind, with its group where that is a third party's: `services.serving.knative.dev`.

    Kubernetes: apimachinery/pkg/api/meta (UnsafeGuessKindToResource).
    """
    kind, group = obj["kind"].lower(), obj.get("apiVersion", "v1").rpartition("/")[0]
    plural = _plural(kind)
    third_party = "." in group and not group.endswith(".k8s.io") and group != "podhub.dev"
    return f"{plural}.{group}" if third_party else plural


def _plural(kind: str) -> str:
    if kind == "endpoints":
        return kind
    if kind.endswith("s"):
        return f"{kind}es"
    return f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"
