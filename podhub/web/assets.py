"""The modules and style sheets of the pages: their names for one another, and the policy that lets them alone run."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256

import msgspec
from django.conf import settings
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

MODULES = {
    "podhub/ages": "js/ages.js",
    "podhub/growth": "js/growth.js",
    "podhub/live": "js/live.js",
    "podhub/printed": "js/printed.js",
    "podhub/row-filter": "js/row-filter.js",
    "podhub/timeline/drawing": "js/timeline/drawing.js",
    "podhub/timeline/keys": "js/timeline/keys.js",
    "podhub/timeline/labels": "js/timeline/labels.js",
    "podhub/timeline/lanes": "js/timeline/lanes.js",
    "podhub/timeline/playhead": "js/timeline/playhead.js",
    "podhub/timeline/scale": "js/timeline/scale.js",
    "podhub/timeline/signs": "js/timeline/signs.js",
    "podhub/timeline/strip": "js/timeline/strip.js",
    "podhub/timeline/svg": "js/timeline/svg.js",
    "podhub/timeline/table": "js/timeline/table.js",
    "podhub/timeline/tip": "js/timeline/tip.js",
}
"""What modules import, by bare name, so that each gets the URL with its hash."""

STYLESHEETS = tuple(
    f"css/{name}.css" for name in ("tokens", "base", "header", "controls", "table", "timeline", "pod", "editor", "cluster")
)


@cache
def import_map() -> str:
    return msgspec.json.encode({"imports": {name: static(path) for name, path in MODULES.items()}}).decode()


def import_map_element() -> SafeString:
    return format_html('<script type="importmap">{}</script>', mark_safe(import_map()))


@cache
def content_security_policy() -> str:
    """Return the site's policy with this one inline script allowed, by its hash."""
    digest = b64encode(sha256(import_map().encode()).digest()).decode()
    policy: str = settings.CONTENT_SECURITY_POLICY
    return policy.replace("script-src 'self'", f"script-src 'self' 'sha256-{digest}'")
