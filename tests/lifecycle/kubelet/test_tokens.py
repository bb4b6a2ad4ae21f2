"""A Pod's token, and what its programs are answered by the API server."""

from __future__ import annotations

import pytest

from lifecycle.engine import Engine
from lifecycle.wire import DEFAULT_START, Config, Request, Trace

SECOND = 1_000_000
ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


def written(script: str, image: str = "curlimages/curl") -> str:
    """Return what a Pod's script puts out in a minute, without its last newline."""
    engine = Engine.new(Config(start=DEFAULT_START))
    container = {"name": "c", "image": image, "command": ["sh", "-c", f"D={ACCOUNT}; T=$(cat $D/token); {script}"]}
    pod = {"kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [container], "restartPolicy": "Never"}}
    pod["apiVersion"] = "v1"
    answer = engine.request(DEFAULT_START, Request("create", "pods", namespace="default", body=pod))
    assert answer.code == 201, answer.body
    outputs = engine.advance(DEFAULT_START + 60 * SECOND)
    return "".join(out.body["text"] for out in outputs if isinstance(out, Trace) and out.kind == "output").removesuffix("\n")


URL = "https://kubernetes.default.svc"


@pytest.mark.parametrize(
    ("script", "shown"),
    [
        (f'curl -s --cacert $D/ca.crt -H "Authorization: Bearer $T" {URL}/api | head -2', '{\n  "kind": "APIVersions",'),
        (f"curl -sk {URL}/healthz", "ok"),
        ("curl -sk https://$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT_HTTPS/healthz", "ok"),
        (f'curl -sko /dev/null -w "%{{http_code}}" -H "Authorization: Bearer $T" {URL}/api/v1/pods', "403"),
        (f'curl -sko /dev/null -w "%{{http_code}}" -H "Authorization: Bearer x$T" {URL}/api/v1/pods', "401"),
        (f"curl -s {URL}/healthz; echo $?", "60"),
        (f"curl -s --cacert /none {URL}/healthz; echo $?", "77"),
        ("curl -s http://kubernetes:443/", "Client sent an HTTP request to an HTTPS server."),
        ('echo "$T" | cut -d. -f1 | base64 -d 2>/dev/null | cut -c1-14', '{"alg":"RS256"'),
        ("cat $D/namespace", "default"),
    ],
)
def test_programs_reach_the_api_server_with_what_they_are_given(script: str, shown: str) -> None:
    assert written(script) == shown


def test_alpines_wget_wants_to_know_whom_it_asks() -> None:
    assert written(f"wget -qO- {URL}/healthz 2>&1", "alpine") == (
        "ssl_client: kubernetes.default.svc: certificate verification failed: unable to get local issuer certificate\n"
        "wget: error getting response: Connection reset by peer"
    )
    assert written(f"wget -qO- --no-check-certificate {URL}/healthz 2>&1", "alpine") == "ok"


def test_busyboxs_own_wget_asks_anybody() -> None:
    assert written(f"wget -qO- {URL}/healthz 2>&1", "busybox") == "wget: note: TLS certificate validation not implemented\nok"


def test_the_same_seed_gives_the_same_token() -> None:
    assert written("echo $T") == written("echo $T")
