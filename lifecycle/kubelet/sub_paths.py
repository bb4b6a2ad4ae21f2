"""subPath and subPathExpr: the place in a volume that a container sees.

Kubernetes: pkg/kubelet/kubelet_pods.go (makeMounts), pkg/kubelet/container/helpers.go (ExpandContainerVolumeMounts)
"""

from __future__ import annotations

from lifecycle.core_v1.types import VolumeMount
from lifecycle.kubelet.environment import ConfigError
from lifecycle.kubelet.expansion import expand, names


def sub_path(mount: VolumeMount, env: dict[str, str]) -> str:
    """Return the place that a mount names. Raises: ConfigError where it names none, or one outside of the volume."""
    if not mount.sub_path_expr:
        return mount.sub_path
    if missing := sorted(name for name in names(mount.sub_path_expr) if not env.get(name)):
        raise ConfigError(f"missing value for {', '.join(missing)}")
    path = expand(mount.sub_path_expr, env)
    if path.startswith("/"):
        raise ConfigError(f"error SubPath `{path}` must not be an absolute path")
    if ".." in path.split("/"):
        raise ConfigError(f"unable to provision SubPath `{path}`: must not contain '..'")
    return path


def blocked(mount: VolumeMount, container: str) -> ConfigError:
    """Return why a container cannot see a place below what is no directory."""
    return ConfigError(f'failed to create subPath directory for volumeMount "{mount.name}" of container "{container}"')
