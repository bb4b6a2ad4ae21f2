"""Requests passed on to Pods and Services, as `kubectl get --raw`, scripts and browsers send them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from kubernetes import client, config

from lifecycle.apiserver.refused import Refused
from lifecycle.apiserver.resources import is_proxied, target
from podhub.api import proxy
from podhub.api.http import Call
from tests.podhub.api.conftest import Reached
from tests.podhub.api.wire import Answer, ask, pod
from tests.podhub_up import Server

PAGE = '<a href="/next">next</a> <img src=/logo.png> <a href="//other.example/">other</a> <a href="more">more</a>'
BEHAVIOR = {
    "listens": [{"port": 8080}],
    "answers": [
        {"path": "/busy", "status": 503, "body": "later"},
        {"path": "/slow", "delay": "20s", "body": "at last"},
        {"path": "/text", "body": "Grüße 你好"},
    ],
}


@pytest.fixture(scope="module")
def web(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Reached:
    """A cluster with two Pods that serve, `web` (nginx) and `api`, and Services in front of them."""
    server.make("proxying", "10x")
    cluster = Reached(server, "proxying", tmp_path_factory.mktemp("proxying"))
    web, api = pod("web", app="web"), pod("api", app="api")
    web["spec"]["containers"] = [{"name": "main", "image": "nginx", "ports": [{"containerPort": 80}]}]
    api["spec"]["containers"] = [{"name": "main", "image": "acme/api", "ports": [{"containerPort": 8080}]}]
    api["metadata"]["annotations"] = {"podhub.dev/behavior.main": json.dumps(BEHAVIOR)}
    for manifest in (web, api):
        cluster.kubectl("create", "-f", "-", stdin=json.dumps(manifest))
    cluster.kubectl("expose", "pod", "web", "--port=8080", "--target-port=80")
    cluster.kubectl("expose", "pod", "api", "--name=unready", "--port=80", "--selector=app=none")
    cluster.kubectl("wait", "--for=condition=Ready", "pod/web", "pod/api", "--timeout=20s")
    cluster.kubectl("exec", "web", "--", "sh", "-c", f"echo '{PAGE}' > /usr/share/nginx/html/page.html")
    cluster.kubectl("exec", "web", "--", "mkdir", "/usr/share/nginx/html/deep")
    return cluster


def passed(cluster: Reached, what: str, method: str = "GET", body: Any = None, **headers: str) -> Answer:
    return ask(f"{cluster.root}/api/v1/namespaces/default/{what}", method, body, **headers)


@pytest.mark.parametrize(
    "what",
    [
        "pods/web/proxy/",
        "pods/web:80/proxy/",
        "pods/http:web:80/proxy/",
        "services/web/proxy/",
        "services/web:8080/proxy/index.html",
        "services/http:web:8080/proxy/",
    ],
)
def test_kubectl_gets_what_a_program_serves(web: Reached, what: str) -> None:
    raw = f"/clusters/{web.name}/api/v1/namespaces/default/{what}"
    assert "<h1>Welcome to nginx!</h1>" in web.kubectl("get", "--raw", raw).stdout


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (
            "pods/web:81/proxy/",
            "(ServiceUnavailable): error trying to reach service: dial tcp {ip}:81: connect: connection refused",
        ),
        ("pods/https:web:80/proxy/", "(ServiceUnavailable): error trying to reach service: http: server gave HTTP response to"),
        ("pods/nope/proxy/", '(NotFound): pods "nope" not found'),
        ("pods/web:x/proxy/", '(BadRequest): unable to parse "x" as a port'),
        ("pods/ftp:web:80/proxy/", '(BadRequest): invalid pod request "ftp:web:80"'),
        ("services/:/proxy/", '(BadRequest): invalid service request ":"'),
        ("services/nope/proxy/", '(NotFound): services "nope" not found'),
        ("services/web:80/proxy/", '(ServiceUnavailable): no service port 80 found for service "web"'),
        ("services/unready:80/proxy/", '(ServiceUnavailable): no endpoints available for service "unready:80"'),
    ],
)
def test_what_cannot_be_reached_is_said_in_kubernetes_words(web: Reached, what: str, said: str) -> None:
    ip = web.kubectl("get", "pod", "web", "-o", "jsonpath={.status.podIP}").stdout
    raw = f"/clusters/{web.name}/api/v1/namespaces/default/{what}"
    refused = web.kubectl("get", "--raw", raw, code=1)
    assert refused.stderr.startswith(f"Error from server {said.format(ip=ip)}")


def test_the_python_client_gets_what_a_program_serves(web: Reached) -> None:
    api = client.CoreV1Api(config.new_client_from_config(web.kubeconfig()))
    assert "Welcome to nginx!" in api.connect_get_namespaced_service_proxy_with_path("web", "default", "index.html")
    with pytest.raises(client.ApiException) as refused:
        api.connect_get_namespaced_pod_proxy_with_path("api", "default", "busy")
    assert (refused.value.status, refused.value.body) == (503, "later")


def test_a_program_is_asked_what_the_client_asks(web: Reached) -> None:
    answer = passed(web, "pods/web/proxy/a%20b/c?d=e%2Ff", "POST", "x=y", User_Agent="tests", Content_Type="text/plain")
    assert answer.code == 404
    line = web.kubectl("logs", "web", "--tail=1").stdout
    assert line.partition("] ")[2] == '"POST /a%20b/c?d=e%2Ff HTTP/1.1" 404 153 "-" "tests" "127.0.0.1"\n'
    assert line.startswith("10.244.0.1 - - [")


def test_an_answer_is_passed_back_as_a_page_of_nobody_s(web: Reached) -> None:
    answer = passed(web, "pods/web/proxy/page.html")
    assert (answer.code, answer.headers["content-type"], answer.headers["server"]) == (200, "text/html", "nginx/1.22.1")
    assert (answer.headers["content-security-policy"], answer.headers["x-content-type-options"]) == ("sandbox", "nosniff")
    prefix = f"/clusters/{web.name}/api/v1/namespaces/default/pods/web/proxy"
    links = PAGE.replace('"/next"', f'"{prefix}/next"').replace("/logo.png", f"{prefix}/logo.png")
    assert answer.body.decode() == f"{links}\n"
    assert int(answer.headers["content-length"]) == len(answer.body)


def test_other_bodies_come_back_as_they_are(web: Reached) -> None:
    assert passed(web, "pods/api/proxy/text").body.decode() == "Grüße 你好"


def test_a_redirect_leads_through_the_proxy(web: Reached) -> None:
    answer = passed(web, "pods/web/proxy/deep")
    prefix = f"/clusters/{web.name}/api/v1/namespaces/default/pods/web/proxy"
    assert (answer.code, answer.headers["location"]) == (301, f"{prefix}/deep/")


def test_a_path_without_its_slash_is_redirected(web: Reached) -> None:
    answer = passed(web, "pods/web/proxy?a=b")
    prefix = f"/clusters/{web.name}/api/v1/namespaces/default/pods/web/proxy"
    assert (answer.code, answer.headers["location"]) == (301, f"{prefix}/?a=b")


def test_a_head_has_no_body_and_a_slow_answer_is_waited_for(web: Reached) -> None:
    head = passed(web, "pods/web/proxy/", "HEAD")
    assert (head.code, head.headers["content-length"], head.body) == (200, "615", b"")
    assert passed(web, "pods/api/proxy/slow").body == b"at last"


def test_methods_that_are_none_and_bodies_that_are_too_large_are_refused(web: Reached) -> None:
    assert passed(web, "pods/web/proxy/", "PROPFIND").code == 405
    assert passed(web, "pods/api/proxy/", "POST", "x" * (3 << 20 | 1)).code == 413


def test_the_past_is_not_asked_anything(web: Reached) -> None:
    answer = ask(f"{web.root}@1s/api/v1/namespaces/default/pods/web/proxy/")
    assert (answer.code, answer.json["reason"]) == (403, "Forbidden")
    assert "as it was is read-only" in answer.json["message"]


def test_discovery_and_openapi_know_the_ways_to_programs(web: Reached) -> None:
    listed = {one["name"]: one for one in ask(f"{web.root}/api/v1").json["resources"]}
    assert (listed["pods/proxy"]["kind"], listed["services/proxy"]["kind"]) == ("PodProxyOptions", "ServiceProxyOptions")
    assert listed["pods/proxy"]["verbs"] == ["create", "delete", "get", "patch", "update"]
    paths = ask(f"{web.root}/openapi/v3/api/v1").json["paths"]
    home = "/api/v1/namespaces/{namespace}"
    assert {"delete", "get", "head", "options", "patch", "post", "put"} <= paths[
        f"{home}/services/{{name}}/proxy/{{path}}"
    ].keys()
    forward = paths[f"{home}/pods/{{name}}/portforward"]
    assert forward["get"]["x-kubernetes-action"] == "connect"
    assert forward["post"]["x-kubernetes-group-version-kind"]["kind"] == "PodPortForwardOptions"
    assert [parameter["name"] for parameter in forward["get"]["parameters"]] == ["ports"]


# ── what needs no server ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "path", ["/proxy", "/proxy/", "/proxy/a", "/proxy//a", "/proxy/a/../b", "/proxy/namespaces/x/pods/y/proxy"]
)
def test_what_comes_after_proxy_is_the_program_s(path: str) -> None:
    whole = f"/api/v1/namespaces/default/pods/http:web:80{path}"
    assert is_proxied(whole)
    found = target(whole)
    assert found is not None
    assert (found.namespace, found.name, found.subresource) == ("default", "http:web:80", "proxy")


@pytest.mark.parametrize("path", ["/api/v1/namespaces/default/configmaps/a/proxy/", "/api/v1/pods/web/proxy/", "/proxy/"])
def test_other_paths_are_not_a_program_s(path: str) -> None:
    assert not is_proxied(path)
    assert target(path) is None


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("web", ("", "web", "")),
        ("web:80", ("", "web", "80")),
        ("https:web:http", ("https", "web", "http")),
        ("https:web:", ("https", "web", "")),
        ("ftp:web:80", None),
        ("a:b:c:d", None),
        (":80", None),
    ],
)
def test_a_name_has_a_scheme_and_a_port(name: str, read: tuple[str, str, str] | None) -> None:
    about = target(f"/api/v1/namespaces/default/pods/{name}/proxy")
    assert about is not None
    if read:
        assert proxy._name(about) == read
    else:
        with pytest.raises(Refused):
            proxy._name(about)


def test_a_program_is_not_shown_who_asks() -> None:
    """What it is shown stands in the log for all to read."""
    names = ("authorization", "cookie", "connection", "te", "x-api-version", "x-forwarded-for", "x-forwarded-uri")
    raw = [(name.encode(), b"192.0.2.7") for name in names]
    call = Call({"query_string": b"", "headers": raw, "client": ("192.0.2.8", 1)}, None, None)  # type: ignore[arg-type]
    assert proxy._passed_on(call, proxy.Asked("/p", "/a%20b")) == [
        ("X-Api-Version", "192.0.2.7"),
        ("X-Forwarded-For", "192.0.2.7, 192.0.2.8"),
        ("X-Forwarded-Uri", "/p/a b"),
    ]


@pytest.mark.parametrize("name", ["Set-Cookie", "clear-site-data", "Access-Control-Allow-Origin", "Transfer-Encoding", "Date"])
def test_a_program_does_not_speak_for_the_whole_origin(name: str) -> None:
    call = Call({"query_string": b"", "headers": []}, None, None)  # type: ignore[arg-type]
    told = {"status": 200, "message": "", "text": "a", "headers": [[name, "x"], ["X-Own", "y"]]}
    assert proxy._reply(call, proxy.Asked("/p", "/"), told).headers == (("X-Own", "y"), *proxy.SANDBOX)


def test_a_status_that_is_none_is_no_answer() -> None:
    call = Call({"query_string": b"", "headers": []}, None, None)  # type: ignore[arg-type]
    with pytest.raises(Refused) as refused:
        proxy._reply(call, proxy.Asked("/p", "/"), {"status": 700, "message": "", "text": "", "headers": []})
    assert refused.value.status.message == 'error trying to reach service: malformed HTTP status code "700"'


def test_links_are_found_in_a_page_of_nothing_but_tags() -> None:
    """In a time that grows with the page, and not with its square."""
    asked = proxy.Asked("/p", "/")
    assert proxy._linked(asked, b"<a " * 1_000_000) == b"<a " * 1_000_000
    assert proxy._linked(asked, b"<a href='/x'" * 3 + b">") == b"<a href='/x'" * 2 + b"<a href='/p/x'>"


def test_the_path_of_a_program_needs_no_cluster_to_be_read() -> None:
    below = "/api/v1/namespaces/default/pods/web/proxy"
    for root in ("", "/clusters/default"):
        call = Call({"raw_path": f"{root}{below}/a%2Fb".encode(), "path": "", "query_string": b"", "headers": []}, None, None)  # type: ignore[arg-type]
        assert proxy._asked(call) == (f"{root}{below}", "/a%2Fb")
