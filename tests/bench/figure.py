"""One measured figure and what it is measured against."""

from __future__ import annotations

from typing import NamedTuple


class Figure(NamedTuple):
    """A measurement: `value` in `unit`; it holds where it is at most (or, with `at_least`, at least) `target`."""

    name: str
    value: float
    unit: str
    target: float
    at_least: bool = False
    cpu: float | None = None
    """Seconds of the processor that went into it: what counts where the machine had other things to do as well."""

    @property
    def holds(self) -> bool:
        return self.value >= self.target if self.at_least else self.value <= self.target

    def __str__(self) -> str:
        sign, spent = "≥" if self.at_least else "≤", "" if self.cpu is None else f"  ({self.cpu:.3g} s of the processor)"
        held = "ok   " if self.holds else "SHORT"
        return f"{held} {self.name:58} {self.value:10.3g} {self.unit:7} {sign} {self.target:g}{spent}"


def percentile(values: list[float], share: float) -> float:
    """Return the value below which `share` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
