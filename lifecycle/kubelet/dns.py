"""What a Pod is called in its own network namespace, and whom it asks for the names of others.

Kubernetes: pkg/kubelet/kubelet_pods.go (GeneratePodHostNameAndDomain), pkg/kubelet/util (GetNodenameForKernel),
pkg/kubelet/network/dns
"""

from __future__ import annotations

from collections.abc import Iterable

from lifecycle.core_v1.types import PodDNSConfig, PodSpec
from lifecycle.programs import ResolvConf

LONGEST_HOSTNAME = 63
LONGEST_NODENAME = 64
"""What Linux takes as the name of a machine."""
MOST_NAMESERVERS = 3
MOST_SEARCH_PATHS, LONGEST_SEARCH_LINE = 32, 2048

NODES_OWN = ResolvConf(("8.8.8.8",), ())
"""What is assumed to stand in a node's own resolv.conf."""


class NameTooLong(ValueError):
    """A Pod's name with its domain is longer than the kernel takes; the text is the kubelet's."""


def hostname(spec: PodSpec, name: str, namespace: str, domain: str) -> str:
    """Return what the kernel says that the Pod is called. Raises: NameTooLong"""
    if spec.hostname_override is not None:
        return _shortened(spec.hostname_override)
    short = _shortened(spec.hostname or name)
    if not spec.set_hostname_as_fqdn or not spec.subdomain:
        return short
    whole = f"{short}.{spec.subdomain}.{namespace}.svc.{domain}"
    if len(whole) > LONGEST_NODENAME:
        raise NameTooLong(
            f"failed to construct FQDN from pod hostname and cluster domain, FQDN {whole} is too long "
            f"({LONGEST_NODENAME} characters is the max, {len(whole)} characters requested)"
        )
    return whole


def _shortened(name: str) -> str:
    return name if len(name) <= LONGEST_HOSTNAME else name[:LONGEST_HOSTNAME].rstrip("-.")


def asks_as_its_node(spec: PodSpec) -> bool:
    """Say whether a Pod begins with its node's own resolv.conf."""
    return spec.dns_policy == "Default" or (spec.dns_policy == "ClusterFirst" and spec.host_network)


def resolv_conf(spec: PodSpec, cluster: ResolvConf) -> ResolvConf:
    """Return what a Pod's resolver is told; `cluster` is what it is told of the cluster's DNS."""
    base = NODES_OWN if asks_as_its_node(spec) else cluster
    if spec.dns_policy == "None":
        base = ResolvConf((), ())
    return _appended(base, spec.dns_config) if spec.dns_config else base


def _appended(base: ResolvConf, more: PodDNSConfig) -> ResolvConf:
    options = {option.partition(":")[0]: option for option in base.options}
    options |= {o.name: f"{o.name}:{o.value}" if o.value else o.name for o in more.options}
    return ResolvConf(
        _once((*base.nameservers, *more.nameservers)), _once((*base.search, *more.searches)), tuple(options.values())
    )


def _once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


def within_limits(conf: ResolvConf) -> tuple[ResolvConf, list[str]]:
    """Return what of it a resolver reads, and what is told of the rest. Kubernetes: formDNSConfigFitsLimits"""
    told: list[str] = []
    nameservers, search = conf.nameservers[:MOST_NAMESERVERS], conf.search[:MOST_SEARCH_PATHS]
    while len(" ".join(search)) > LONGEST_SEARCH_LINE:
        search = search[:-1]
    if nameservers != conf.nameservers:
        told.append(
            "Nameserver limits were exceeded, some nameservers have been omitted, "
            f"the applied nameserver line is: {' '.join(nameservers)}"
        )
    if search != conf.search:
        told.append(
            "Search Line limits were exceeded, some search paths have been omitted, "
            f"the applied search line is: {' '.join(search)}"
        )
    return ResolvConf(nameservers, search, conf.options), told
