"""Which release of its program an image holds, as its tag says."""

from __future__ import annotations

import re
from functools import lru_cache

from lifecycle.programs.lists import names

LAST = {
    "nginx": names(
        "1.14.2 1.15.12 1.16.1 1.17.10 1.18.0 1.19.10 1.20.2 1.21.6 1.22.1 1.23.4 1.24.0 1.25.5 1.26.3 1.27.5 1.28.0"
    ),
    "busybox": names("1.26.2 1.27.2 1.28.4 1.29.3 1.30.1 1.31.1 1.32.1 1.33.1 1.34.1 1.35.0 1.36.1 1.37.0"),
}
"""The last release of each branch of a program."""


@lru_cache(maxsize=1024)
def named_release(image: str, otherwise: str) -> str:
    """Return the release that an image's tag names, `otherwise` where it names none.

    A tag of two numbers stands for the branch's last release: nginx:1.25-alpine is 1.25.5.
    """
    name, _, tag = image.partition("@")[0].rpartition("/")[2].partition(":")
    found = re.match(r"v?(\d+\.\d+)(\.\d+)?(?![\w.])", tag)
    if found is None:
        return otherwise
    branch, patch = found.groups()
    if patch:
        return branch + patch
    return next((one for one in LAST.get(name, ()) if one.startswith(f"{branch}.")), f"{branch}.0")


def numbers(version: str) -> tuple[int, ...]:
    """Return a version's numbers, by which versions are compared."""
    return tuple(map(int, re.findall(r"\d+", version)))
