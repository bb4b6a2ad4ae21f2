"""What `lifecycle` advises about a text that it refuses, in the reader's language; the advice itself stands there."""

from __future__ import annotations

import re

from django.utils.translation import gettext, gettext_noop

ADVICE = (
    gettext_noop("Indent with spaces, never with tabs."),
    gettext_noop("Indent with spaces, never with tabs; put text that begins with @ or ` in quotes."),
    gettext_noop("Align this line with the keys it belongs to."),
    gettext_noop("Check the indentation; put text that holds a colon and a blank in quotes."),
    gettext_noop("Align this item with the other items of its list."),
    gettext_noop("Close the list with ]."),
    gettext_noop("Close the mapping with }."),
    gettext_noop("Close the quotes that are open here."),
    gettext_noop("Write a key, a colon and a blank, and then the value."),
    gettext_noop("Check commas, quotes and brackets here."),
    gettext_noop("Remove levels: no Kubernetes object is nested that deeply."),
    gettext_noop("Write less in one document, and do without aliases that multiply each other."),
    gettext_noop("Remove the alias, or let it point at something that does not contain it."),
    gettext_noop("Define the anchor with & before it is used with *."),
    gettext_noop("Write a finite number, or put the text in quotes."),
    gettext_noop("Submit it in several parts."),
    gettext_noop("Paste or choose a manifest that holds a Pod."),
    gettext_noop("Submit a text file, saved as UTF-8."),
    gettext_noop("Remove the character, or write it as an escape in double quotes."),
    gettext_noop("Begin with apiVersion, kind and metadata."),
    gettext_noop("Let every item of the List be an object."),
    gettext_noop("Keep one of them."),
    gettext_noop("Write the key as plain text, before a colon."),
    gettext_noop("Let << stand before an alias of a mapping."),
    gettext_noop("Add it."),
    gettext_noop("Use one of the supported values."),
    gettext_noop("Give it a value that no other has."),
    gettext_noop("Define it, or correct the name."),
    gettext_noop("Remove it."),
    gettext_noop("Change the value."),
    gettext_noop("Shorten it."),
    gettext_noop("Remove some."),
    gettext_noop("Give the field a value of that type."),
    gettext_noop("Create it first, or correct the name."),
    gettext_noop("Remove it, or correct its name."),
    gettext_noop("Give one of them another name."),
)

PATTERNS = (
    (re.compile(r"Did you mean (?P<name>.+)\?"), gettext_noop("Did you mean %(name)s?")),
    (
        re.compile(r"(?P<name>.+) is a field of the object itself: indent it less\."),
        gettext_noop("%(name)s is a field of the object itself: indent it less."),
    ),
    (
        re.compile(r"(?P<name>.+) is a field of (?P<place>.+): indent it less\."),
        gettext_noop("%(name)s is a field of %(place)s: indent it less."),
    ),
    (
        re.compile(r"(?P<name>.+) is a field of (?P<place>.+): indent it below\."),
        gettext_noop("%(name)s is a field of %(place)s: indent it below."),
    ),
    (re.compile(r"Known are (?P<names>.+)\."), gettext_noop("Known are %(names)s.")),
    (re.compile(r"Write (?P<line>apiVersion: .+)\."), gettext_noop("Write %(line)s.")),
    (re.compile(r"Add (?P<name>\w+): (?P<value>\w+)\."), gettext_noop("Add %(name)s: %(value)s.")),
)
"""Advice that names what it is about."""


def translated(advice: str) -> str:
    """Return an advice in the reader's language."""
    if not advice:
        return ""
    for pattern, template in PATTERNS:
        match = pattern.fullmatch(advice)
        if match:
            return gettext(template) % match.groupdict()
    return gettext(advice)
