"""Image names as containerd understands them.

Source: github.com/distribution/reference (ParseNormalizedNamed, TagNameOnly)
"""

from __future__ import annotations

import re
from functools import lru_cache

DEFAULT_DOMAIN = "docker.io"
_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_DOMAIN = re.compile(
    r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*(?::\d+)?"
)
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}")
_IDENTIFIER = re.compile(r"[a-f0-9]{64}")


class InvalidReference(ValueError):
    """A name that is no image reference; the text is the library's."""


@lru_cache(maxsize=1024)
def normalize(image: str) -> str:
    """Return an image's full name (`docker.io/library/nginx:latest` for `nginx`).

    Raises: InvalidReference with Docker's reason.
    """
    if _IDENTIFIER.fullmatch(image):
        raise InvalidReference(f"invalid repository name ({image}), cannot specify 64-byte hexadecimal strings")
    domain, remainder = _split_domain(image)
    path, digest = remainder, ""
    if "@" in path:
        path, _, digest = path.partition("@")
    repository, colon, tag = path.partition(":")
    if repository.lower() != repository:
        raise InvalidReference(f"invalid reference format: repository name ({repository}) must be lowercase")
    valid = _REPOSITORY.fullmatch(repository) and _DOMAIN.fullmatch(domain)
    if not valid or (colon and not _TAG.fullmatch(tag)) or (digest and not _DIGEST.fullmatch(digest)):
        raise InvalidReference("invalid reference format")
    if digest:
        return f"{domain}/{path}@{digest}"
    return f"{domain}/{repository}:{tag or 'latest'}"


def full_name(image: str) -> str:
    """Return an image's full name, or what is no image reference as it stands."""
    try:
        return normalize(image)
    except InvalidReference:
        return image


def _split_domain(image: str) -> tuple[str, str]:
    """Return the registry and the rest. Kubernetes: splitDockerDomain"""
    first, slash, rest = image.partition("/")
    if not slash or (not any(c in first for c in ".:") and first != "localhost" and first.lower() == first):
        domain, remainder = DEFAULT_DOMAIN, image
    else:
        domain, remainder = first, rest
    if domain == "index.docker.io":
        domain = DEFAULT_DOMAIN
    if domain == DEFAULT_DOMAIN and "/" not in remainder:
        remainder = f"library/{remainder}"
    return domain, remainder


@lru_cache(maxsize=1024)
def repository(name: str) -> str:
    """Return a full name without its tag and digest."""
    name = name.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return head + slash + last.partition(":")[0]
