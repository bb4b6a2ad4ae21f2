"""Which release of its program an image holds, as its tag says."""

from __future__ import annotations

import re
from functools import lru_cache

LAST = {
    "1.14": "1.14.2",
    "1.15": "1.15.12",
    "1.16": "1.16.1",
    "1.17": "1.17.10",
    "1.18": "1.18.0",
    "1.19": "1.19.10",
    "1.20": "1.20.2",
    "1.21": "1.21.6",
    "1.22": "1.22.1",
    "1.23": "1.23.4",
    "1.24": "1.24.0",
    "1.25": "1.25.5",
    "1.26": "1.26.3",
    "1.27": "1.27.5",
    "1.28": "1.28.0",
}
"""The last release of each of nginx's branches."""


@lru_cache(maxsize=1024)
def named_release(image: str, otherwise: str) -> str:
    """Return the release that an image's tag names, `otherwise` where it names none.

    A tag of two numbers stands for the branch's last release: nginx:1.25-alpine is 1.25.5.
    """
    tag = image.partition("@")[0].rpartition("/")[2].partition(":")[2]
    found = re.match(r"v?(\d+\.\d+)(\.\d+)?(?![\w.])", tag)
    if found is None:
        return otherwise
    branch, patch = found.groups()
    return branch + patch if patch else LAST.get(branch, f"{branch}.0")


def numbers(version: str) -> tuple[int, ...]:
    """Return a version's numbers, by which versions are compared."""
    return tuple(map(int, re.findall(r"\d+", version)))
