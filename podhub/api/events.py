"""Events in both of their groups, which the API serves as they are asked for."""

from lifecycle.apiserver.events import CORE, EVENTS, converted, managed

__all__ = ["CORE", "EVENTS", "converted", "managed"]
