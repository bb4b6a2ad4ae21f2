"""Ages in pages: how long ago a moment was, as kubectl words it, with the moment itself for a script that counts on."""

from __future__ import annotations

import re

from django.utils.html import format_html
from django.utils.safestring import SafeString

from lifecycle.clock import Micros, rfc3339
from lifecycle.printers.durations import human_duration

_AGE = re.compile(r'(?<= data-since=")(\d+)">[^<]*')


def age(since: Micros, at: Micros) -> SafeString:
    """Return how long before `at` a moment was."""
    moment = rfc3339(since)
    title = f"{moment[:10]} {moment[11:19]} UTC"
    text = human_duration(at - since)
    return format_html('<time datetime="{}" title="{}" data-since="{}">{}</time>', moment, title, since, text)


def retold(html: str, at: Micros) -> str:
    """Return what was rendered for another moment with its ages as of this one."""
    return _AGE.sub(lambda match: f'{match[1]}">{human_duration(at - int(match[1]))}', html)
