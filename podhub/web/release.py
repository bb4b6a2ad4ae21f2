"""What this release of the pages is called, in the URLs of fragments that browsers keep for ever."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from pathlib import Path

from django.conf import settings

RENDERED_BY = ("templates", "locale", "podhub/web", "podhub/log", "lifecycle/core_v1", "lifecycle/printers")
"""Folders whose files decide what a page about the past looks like."""

SUFFIXES = (".html", ".mo", ".py")


@cache
def release() -> str:
    """Return a digest of all that renders pages: it differs wherever an upgraded server might render one differently."""
    digest = blake2b(digest_size=6)
    for folder in RENDERED_BY:
        root = Path(settings.BASE_DIR, folder)
        for path in sorted(path for path in root.rglob("*") if path.suffix in SUFFIXES):
            digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return digest.hexdigest()
