"""What the templates need: drawn signs, ages as kubectl words them, JSON for a script, the import map."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from lifecycle.clock import Micros
from podhub.web import ages, assets
from podhub.web.legend import legend

register = template.Library()

_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")

_NO_MARKUP = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


@register.simple_tag
def icon(name: str) -> SafeString:
    return format_html('<svg aria-hidden="true" width="16" height="16"><use href="#icon-{}"/></svg>', name)


@register.simple_tag
def glyph(look: str) -> SafeString:
    """The timeline's sign for a look."""
    return format_html('<svg aria-hidden="true" width="16" height="16"><use href="#glyph-{}"/></svg>', look)


@register.simple_tag
def look_word(look: str) -> str:
    """What the timeline's legend calls a look."""
    return next(word for one, word, _ in legend() if one == look)


@register.simple_tag(takes_context=True)
def age(context: template.Context, since: Micros | None) -> SafeString | str:
    """How long ago a moment was, as of the page's moment; a live page counts on."""
    return "–" if since is None else ages.age(since, context["at"])


@register.simple_tag(takes_context=True)
def choose(context: template.Context, **other: str) -> str:
    """The query string of the page that shows what was chosen, but for these fields; it begins with the first row."""
    query: str = context["choice"].query(**{"behind": ""} | other)
    return query


@register.filter
def value(of: Any) -> str:
    """A field's value as JSON writes it; a text as it is."""
    return of if isinstance(of, str) else msgspec.json.encode(of).decode()


@register.filter
def words(name: str) -> SafeString:
    """A name such as FailedScheduling, which may be broken between its words."""
    return format_html_join(mark_safe("<wbr>"), "{}", ((word,) for word in _WORDS.split(name)))


@register.filter
def json(value: Any) -> SafeString:
    """A value in a script element that no script runs."""
    text = msgspec.json.encode(value).decode()
    for character, escape in _NO_MARKUP.items():
        text = text.replace(character, escape)
    return format_html('<script type="application/json">{}</script>', mark_safe(text))


@register.simple_tag
def import_map() -> SafeString:
    return assets.import_map_element()
