"""Kubernetes' API objects as JSON: reading, decoding, defaults, admission, validation, patches. Pure functions.

`accept` and `accept_update` say what becomes of a posted object, `check` what is wrong with a text on which line.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lifecycle.core_v1.registry import Accepted, accept, accept_update
    from lifecycle.core_v1.status import Status
    from lifecycle.core_v1.submission import Checked, check

__all__ = ["Accepted", "Checked", "Status", "accept", "accept_update", "check"]

_HOMES = {"check": "submission", "Checked": "submission", "Status": "status"}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: printing an object needs none of it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'registry')}"), name)
