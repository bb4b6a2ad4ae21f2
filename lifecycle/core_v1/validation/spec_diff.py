"""What differs between two specs, as an error shows it: a unified diff of their JSON.

Kubernetes: apimachinery/pkg/util/diff
"""

from __future__ import annotations

import difflib
import json
from typing import Any


def spec_diff(old: dict[str, Any], new: dict[str, Any]) -> str:
    """Return a unified diff with three lines of context and no file names, ending in an empty line."""
    lines = list(difflib.unified_diff(_lines(old), _lines(new), lineterm="", n=3))
    return "".join(f"{line}\n" for line in lines[2:])


def _lines(value: Any) -> list[str]:
    return json.dumps(value, indent=1, ensure_ascii=False).split("\n")
