"""How much work the programs of a container may make, so that no script costs more than its share.

Work is counted in steps. A step of a script is one; what takes longer (a new process, a long text, many files) counts for
as many as it takes time, about two microseconds each.
"""

from __future__ import annotations

import msgspec

from lifecycle.clock import SECOND, Micros

MAX_STEPS = 100_000
"""In one virtual second."""
SPARE = 4 * MAX_STEPS
"""What may be used at once, second after second; it comes back slowly."""
REGAIN = 500
"""What comes back in a second: what a container may do for ever."""
PORTION = 1_000
"""What must have come back before a container that has used up all goes on; what asks from outside gets as much."""
CHARACTERS_A_STEP = 512
"""How many characters of a text are looked at in the time of a step."""
COPIED_A_STEP = 2048
"""How many are copied as they stand."""
ITEMS_A_STEP = 16
"""How many lines, variables or names are."""
ITEMS_SORTED_A_STEP = 4
"""How many are put in order."""


class Budget(msgspec.Struct, omit_defaults=True, gc=False):
    """A container's account. `done` only grows; the rest says what it was when the second, and the last rest, began.

    `used` is what had been used, and had not come back, at the start of `second`. A container rests when all its processes
    wait by themselves.
    """

    done: int = 0
    second: int = 0
    before: int = 0
    used: int = 0
    rested: int = 0

    def affordable(self, now: Micros) -> bool:
        """Say whether there is something left to use now."""
        second = now // SECOND
        if second != self.second:
            self._settle(second)
        done = self.done - self.before
        return done < MAX_STEPS and done < SPARE - self.used

    def _settle(self, second: int) -> None:
        self.used = max(0, self.used + (self.done - self.before) - REGAIN * (second - self.second))
        self.second, self.before = second, self.done

    def rest(self) -> None:
        self.rested = self.done

    def next_second(self) -> int | None:
        """Return the second in which work can go on; None: never, for it has gone on too long without a rest."""
        if self.done - self.rested >= SPARE:
            return None
        left = SPARE - self.used - (self.done - self.before)
        if left > 0:
            return self.second + 1
        return self.second + -(-(PORTION - left) // REGAIN)

    def grant(self, now: Micros) -> None:
        """Give a portion to what somebody outside asks for, whatever has been used up."""
        if not self.affordable(now):
            self._settle(self.second)
            self.used = min(self.used, SPARE - PORTION)
            self.rest()
