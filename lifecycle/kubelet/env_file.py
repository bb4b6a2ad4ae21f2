"""Files of environment variables, as `fileKeyRef` reads them: `NAME='value'`, and nothing that a shell would expand.

Kubernetes: pkg/kubelet/util/env (ParseEnv)
"""

from __future__ import annotations

import re

_SKIPPED = re.compile(r"[ \t]*(?:#.*)?(?:\n|\Z)")
_NAME = re.compile(r"[ \t]*([^=\n]*[^=\s])=")
_NOTHING = re.compile(r"[ \t].*(?:\n|\Z)")
"""A blank after the sign ends the value before it begins, as in a shell."""
_QUOTED = re.compile(r"'([^']*)'[ \t]*(?:#.*)?(?:\n|\Z)")


class EnvFileError(ValueError):
    """A file that holds something else; the text says in which line."""


def value_of(text: str, key: str) -> str:
    """Return the value that a key has in a file; empty where it has none. Raises: EnvFileError before the key is found."""
    text, at = text.replace("\r\n", "\n"), 0
    while at < len(text):
        if skipped := _SKIPPED.match(text, at):
            at = skipped.end()
            continue
        name = _NAME.match(text, at)
        value = name and (_NOTHING.match(text, name.end()) or _QUOTED.match(text, name.end()))
        if name is None or value is None:
            raise EnvFileError(f"line {text.count(chr(10), 0, at) + 1} is not of the form NAME='value'")
        if name.group(1) == key:
            return value.group(1) if value.re is _QUOTED else ""
        at = value.end()
    return ""
