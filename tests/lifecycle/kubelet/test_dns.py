"""What Pods are called, and whom they ask for names."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.clock import SECOND
from lifecycle.core_v1.types import PodSpec, pod_spec
from lifecycle.engine import Engine
from lifecycle.kubelet import dns
from lifecycle.programs import ResolvConf
from lifecycle.wire import DEFAULT_START, Change, Config, Output, Request, Trace

CLUSTER = ResolvConf(("10.96.0.10",), ("lab.svc.cluster.local", "svc.cluster.local", "cluster.local"), ("ndots:5",))


def spec(**fields: Any) -> PodSpec:
    return pod_spec({"spec": {"containers": [{"name": "app"}], **fields}})


def name(pod: str = "web-0", **fields: Any) -> str:
    return dns.hostname(spec(**fields), pod, "lab", "cluster.local")


def test_a_pod_is_called_by_its_own_name_unless_it_says_otherwise() -> None:
    assert name() == "web-0"
    assert name(hostname="db") == "db"
    assert name(hostname="db", hostnameOverride="db.example.com") == "db.example.com"


def test_a_long_name_is_cut_where_it_may_end() -> None:
    assert name("a" * 70) == "a" * 63
    assert name("a" * 62 + "-b") == "a" * 62


def test_the_whole_name_is_the_hostname_where_that_is_asked_for() -> None:
    assert name(subdomain="db", setHostnameAsFQDN=True) == "web-0.db.lab.svc.cluster.local"
    assert name(setHostnameAsFQDN=True) == "web-0"
    assert name(subdomain="db") == "web-0"


def test_a_whole_name_that_the_kernel_does_not_take_is_an_error() -> None:
    with pytest.raises(dns.NameTooLong, match=r"FQDN a{50}\.db\.lab\.svc\.cluster\.local is too long \(64 char.*, 75 char"):
        name("a" * 50, subdomain="db", setHostnameAsFQDN=True)


def test_policies_say_whom_a_pod_asks() -> None:
    assert dns.resolv_conf(spec(), CLUSTER) == CLUSTER
    assert dns.resolv_conf(spec(dnsPolicy="Default"), CLUSTER) == dns.NODES_OWN
    assert dns.resolv_conf(spec(hostNetwork=True), CLUSTER) == dns.NODES_OWN
    assert dns.resolv_conf(spec(hostNetwork=True, dnsPolicy="ClusterFirstWithHostNet"), CLUSTER) == CLUSTER
    assert dns.resolv_conf(spec(dnsPolicy="None"), CLUSTER) == ResolvConf((), ())


def test_a_pods_own_words_come_after_those_of_its_policy() -> None:
    config = {
        "nameservers": ["1.2.3.4", "10.96.0.10"],
        "searches": ["example.com"],
        "options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}],
    }
    assert dns.resolv_conf(spec(dnsConfig=config), CLUSTER) == ResolvConf(
        ("10.96.0.10", "1.2.3.4"), (*CLUSTER.search, "example.com"), ("ndots:2", "edns0")
    )
    assert dns.resolv_conf(spec(dnsPolicy="None", dnsConfig=config), CLUSTER).text() == (
        "search example.com\nnameserver 1.2.3.4\nnameserver 10.96.0.10\noptions ndots:2 edns0\n"
    )


def test_a_resolver_reads_three_nameservers_and_so_many_domains() -> None:
    conf, told = dns.within_limits(ResolvConf(("1.1.1.1", "2.2.2.2", "3.3.3.3", "4.4.4.4"), tuple(f"d{n}" for n in range(33))))
    assert conf == ResolvConf(("1.1.1.1", "2.2.2.2", "3.3.3.3"), tuple(f"d{n}" for n in range(32)))
    assert told[0] == (
        "Nameserver limits were exceeded, some nameservers have been omitted, "
        "the applied nameserver line is: 1.1.1.1 2.2.2.2 3.3.3.3"
    )
    assert told[1].startswith(
        "Search Line limits were exceeded, some search paths have been omitted, the applied search line is: d0 "
    )


def play(script: str, name: str = "web", **fields: Any) -> list[Output]:
    container = {"name": "app", "image": "busybox", "command": ["sh", "-c", script]}
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"containers": [container], "restartPolicy": "Never", **fields},
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "db"},
        "spec": {"clusterIP": "10.96.7.7", "ports": [{"port": 80}]},
    }
    engine = Engine.new(Config(DEFAULT_START))
    engine.request(DEFAULT_START, Request("create", "services", namespace="default", body=service))
    answer = engine.request(DEFAULT_START, Request("create", "pods", namespace="default", body=body))
    assert answer.code == 201, answer.body
    return engine.advance(DEFAULT_START + 20 * SECOND)


def said(outputs: list[Output]) -> str:
    return "".join(o.body["text"] for o in outputs if isinstance(o, Trace) and o.kind == "output")


def test_programs_see_what_their_pod_is_called() -> None:
    script = "hostname; hostname -f; tail -n 1 /etc/hosts | cut -f 2-"
    whole = "web.db.default.svc.cluster.local"
    assert said(play(script, subdomain="db", setHostnameAsFQDN=True)) == f"{whole}\n{whole}\n{whole}\tweb\n"
    assert said(play(script, subdomain="db")) == f"web\n{whole}\n{whole}\tweb\n"
    assert said(play("hostname; tail -n 1 /etc/hosts | cut -f 2-", hostnameOverride="db.example.com")) == "db.example.com\n" * 2


def test_only_the_clusters_dns_knows_services() -> None:
    script = "nslookup db.default.svc.cluster.local >/dev/null && echo found || echo lost"
    assert said(play(script)) == "found\n"
    outputs = play(script, dnsPolicy="Default")
    assert said(outputs) == "lost\n"
    assumed = [o.body["text"] for o in outputs if isinstance(o, Trace) and o.kind == "assumption"]
    assert assumed == ["The resolv.conf of the node is not known: it is assumed to name 8.8.8.8, and no domains to search."]


def test_a_nameserver_that_is_not_there_leaves_a_pod_without_names() -> None:
    config = {"nameservers": ["192.168.99.1"]}
    assert "no servers could be reached" in said(play("nslookup example.com", dnsPolicy="None", dnsConfig=config))


def test_a_pod_whose_name_is_too_long_gets_no_sandbox() -> None:
    outputs = play("true", "a" * 50, subdomain="db", setHostnameAsFQDN=True)
    told = [
        o.object["message"] for o in outputs if isinstance(o, Change) and o.object.get("reason") == "FailedCreatePodSandBox"
    ]
    assert told[0].startswith(
        "Failed to create pod sandbox: failed to construct FQDN from pod hostname and cluster domain, FQDN aaa"
    )


def test_nameservers_beyond_the_third_are_told_of() -> None:
    outputs = play("true", dnsConfig={"nameservers": ["1.1.1.1", "8.8.8.8", "9.9.9.9"]})
    (told,) = [o.object for o in outputs if isinstance(o, Change) and o.object.get("reason") == "DNSConfigForming"]
    assert told["message"].endswith("the applied nameserver line is: 10.96.0.10 1.1.1.1 8.8.8.8")
    assert told["type"] == "Warning"
