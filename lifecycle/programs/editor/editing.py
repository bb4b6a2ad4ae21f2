"""What the editors of lines have in common: the line, the history, what is shown at the end of a turn."""

from __future__ import annotations

from abc import ABC, abstractmethod

from lifecycle.programs.budget import ITEMS_A_STEP
from lifecycle.programs.editor.keys import characters
from lifecycle.programs.shell.turn import Turn
from lifecycle.programs.state import Input, Line

INTERRUPTED = "\x03"
"""What an editor gives instead of a line that was given up."""
WIDTH = 80
"""The width of a window that nobody knows the size of."""


class Editor(ABC):
    """An editor at work on a line, for as long as there are keys. Made anew for each turn; all that lasts is in `Line`."""

    longest: int

    def __init__(self, turn: Turn, source: Input, line: Line, width: int) -> None:
        self.turn, self.source, self.line, self.width = turn, source, line, width or WIDTH
        self.shown: list[str] = []
        self.silent = False
        """Nothing that is typed is to be seen."""
        self._drawn = 0
        self.result: str | None = None
        """The line with its newline, once it is whole; empty: the end of input; INTERRUPTED."""

    @abstractmethod
    def begin(self, prompt: str) -> None:
        """Show a prompt with an empty line."""

    @abstractmethod
    def take(self, key: str) -> None:
        """Do what a key means."""

    @abstractmethod
    def pasted(self, text: str) -> None:
        """Take a text that was pasted as one."""

    @abstractmethod
    def redraw(self) -> None:
        """Show it all once more, in a window of another size."""

    def drawn(self) -> int:
        """Return how many steps what is to be shown has taken since this was asked last."""
        before, self._drawn = self._drawn, len(self.shown)
        return max(len(self.shown) - before, 0) // 2

    def put_out(self) -> None:
        """Show what the keys have brought about."""
        text = "".join(self.shown)
        self.shown = []
        self.turn.machine.work(2 + len(self.line.characters) // ITEMS_A_STEP)
        self.turn.write(2, text)

    # ── the line ─────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def text(self) -> str:
        return "".join(self.line.characters)

    def before(self) -> str:
        """Return what stands before the cursor."""
        return "".join(self.line.characters[: self.line.cursor])

    def set_text(self, text: str) -> None:
        """Make another line of it, with the cursor at its end."""
        self.line.characters = characters(text)
        self.line.cursor = len(self.line.characters)

    def insert(self, text: str) -> None:
        """Put a text in at the cursor, as far as the line may grow."""
        new = characters(text)[: max(self.longest - len(self.line.characters), 0)]
        self.line.characters[self.line.cursor : self.line.cursor] = new
        self.line.cursor += len(new)

    def cut(self, start: int, end: int) -> str:
        """Take a part out, and return it; the cursor is where it was."""
        text = "".join(self.line.characters[start:end])
        del self.line.characters[start:end]
        self.line.cursor = start
        return text

    # ── history ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def history_at(self, place: int) -> str:
        """Return a line of the history as it has been left; the one after the last is the new one."""
        history = self.source.history
        return self.line.edited.get(place, history[place] if place < len(history) else "")

    def go_to(self, place: int) -> bool:
        """Go to another line of the history, keeping what was made of this one; False where there is none."""
        line = self.line
        if not 0 <= place <= len(self.source.history):
            return False
        line.edited[line.place] = self.text
        line.place = place
        self.set_text(self.history_at(place))
        return True

    def submit(self) -> None:
        """Hand the line over."""
        self.result = self.text + "\n"
