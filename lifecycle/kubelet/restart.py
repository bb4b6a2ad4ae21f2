"""Whether an ended container is started again: Pod policy, container policy and its rules.

Kubernetes: pkg/api/v1/pod/util.go (ContainerShouldRestart), pkg/kubelet/container/helpers.go
"""

from __future__ import annotations

from lifecycle.core_v1.types import Container, ContainerRestartRule, PodSpec
from lifecycle.runtime.records import ContainerRecord, Snapshot

RESTART_ALL = "RestartAllContainers"


def matching_rule(container: Container, exit_code: int) -> ContainerRestartRule | None:
    """Return the first of a container's restartPolicyRules that speaks of an exit code."""
    for rule in container.restart_policy_rules:
        codes = rule.exit_codes
        if codes and (exit_code in codes.values) == (codes.operator == "In"):
            return rule
    return None


def restarts_after(spec: PodSpec, container: Container, exit_code: int) -> bool:
    """Say whether a container that ended with a code is started again, were the Pod not being deleted."""
    policy = spec.restart_policy
    if container.restart_policy is not None:
        if matching_rule(container, exit_code):
            return True
        policy = container.restart_policy
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)


def to_be_started(spec: PodSpec, container: Container, latest: ContainerRecord | None, deleting: bool) -> bool:
    """Say whether a container is down and has to be started. Kubernetes: ShouldContainerBeRestarted"""
    if deleting:
        return False
    if latest is None or latest.state == "created":
        return True
    return latest.state == "exited" and restarts_after(spec, container, latest.exit_code)


def restart_all_sources(spec: PodSpec, snapshot: Snapshot) -> list[str]:
    """Return the containers whose exit asks for a restart of all containers."""
    sources = []
    for container in (*spec.init_containers, *spec.containers):
        if container.restart_policy_rules:
            latest = snapshot.latest(container.name)
            if latest and latest.state == "exited":
                rule = matching_rule(container, latest.exit_code)
                if rule and rule.action == RESTART_ALL:
                    sources.append(container.name)
    return sources


def has_restart_all_rule(spec: PodSpec) -> bool:
    return any(rule.action == RESTART_ALL for c in (*spec.init_containers, *spec.containers) for rule in c.restart_policy_rules)
