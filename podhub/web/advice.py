"""What `lifecycle` says and advises about a text that it refuses, in the reader's language; the English itself stands there.

Kubernetes' own sentences stay as they are. `hint` adds what can be told from the text alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

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
    gettext_noop("Write a whole number, without quotes."),
    gettext_noop("Write true or false, without quotes."),
    gettext_noop("Write text; put what YAML takes for a number or a boolean in quotes."),
    gettext_noop("Write a list: items below it that begin with a dash."),
    gettext_noop("Write names and values below it, indented."),
    gettext_noop("Write its fields below it, indented."),
    gettext_noop("Write an amount such as 250m, 64Mi or 2."),
    gettext_noop("Write a time such as 2026-01-01T00:00:00Z."),
    gettext_noop("Encode the value with base64, or use stringData."),
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


MESSAGES = (
    (re.compile(r"no objects in this text"), gettext_noop("no objects in this text")),
    (re.compile(r"byte (?P<byte>\S+) is not text in UTF-8"), gettext_noop("byte %(byte)s is not text in UTF-8")),
    (
        re.compile(r"control characters are not allowed \((?P<code>\S+)\)"),
        gettext_noop("control characters are not allowed (%(code)s)"),
    ),
    (re.compile(r"more than (?P<n>[\d,]+) documents in one text"), gettext_noop("more than %(n)s documents in one text")),
    (re.compile(r"more than (?P<n>[\d,]+) objects in one text"), gettext_noop("more than %(n)s objects in one text")),
    (re.compile(r"an object is wanted here, not text"), gettext_noop("an object is wanted here, not text")),
    (re.compile(r"an object is wanted here, not a list"), gettext_noop("an object is wanted here, not a list")),
    (re.compile(r"(?P<field>apiVersion|kind) not set"), gettext_noop("%(field)s is not set")),
    (
        re.compile(r"(?P<key>.+) stands twice \(first on line (?P<line>\d+)\); the last one counts"),
        gettext_noop("%(key)s stands twice (first on line %(line)s); the last one counts"),
    ),
)
"""What PodHub itself says is wrong."""

_NO_MATCH = re.compile(r'no matches for kind "(?P<kind>\w+)" in version')

WITH_A_TEMPLATE = {
    "Deployment": "spec.template",
    "ReplicaSet": "spec.template",
    "StatefulSet": "spec.template",
    "DaemonSet": "spec.template",
    "ReplicationController": "spec.template",
    "Job": "spec.template",
    "CronJob": "spec.jobTemplate.spec.template",
}
"""Kinds that are not served, and where in them the Pod stands that their controllers would make."""

_BLANKS = re.compile(r"^ *[\u00a0\u2000-\u200b\u3000]")
_FULL_WIDTH = re.compile(r"^[^#'\"]*[\uff1a\uff0c\uff5b\uff5d\u201c\u201d\u3010\u3011]")


def hint(message: str, lines: Sequence[str]) -> str:
    """Return what to do where that can be told from the complaint, or from the line that it is about and the one before."""
    match = _NO_MATCH.match(message)
    if match and match["kind"] in WITH_A_TEMPLATE:
        values = {"kind": match["kind"], "field": WITH_A_TEMPLATE[match["kind"]]}
        text = gettext("PodHub plays no %(kind)s: submit the Pod in its %(field)s, with apiVersion: v1, kind: Pod and a name.")
        return text % values
    if any(_BLANKS.match(line) for line in lines):
        return gettext("Indent with plain spaces: this line begins with a blank of another kind (of full width, or no-break).")
    if any("{{" in line for line in lines) and not _served(message):
        return gettext("This is a template: submit what comes of it (`helm template` prints that).")
    if any(_FULL_WIDTH.match(line) for line in lines) and not _served(message):
        return gettext('Write plain punctuation (: , { } ") instead of that of full width.')
    return ""


def _served(message: str) -> bool:
    """Say whether it is a complaint about a value, which may well hold such characters."""
    return message.startswith(("Invalid value", "Unsupported value", "Required value", "unknown field", "no matches"))


def said(message: str) -> str:
    """Return a complaint of PodHub's own in the reader's language; Kubernetes' stay as they are."""
    return _filled(MESSAGES, message) or message


def translated(advice: str) -> str:
    """Return an advice in the reader's language."""
    return (_filled(PATTERNS, advice) or gettext(advice)) if advice else ""


def _filled(patterns: Sequence[tuple[re.Pattern[str], str]], text: str) -> str:
    for pattern, template in patterns:
        match = pattern.fullmatch(text)
        if match:
            return gettext(template) % match.groupdict()
    return ""
