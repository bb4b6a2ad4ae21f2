"""busybox's editor of lines, to the byte (busybox: libbb/lineedit.c, as images have it: no vi mode).

It writes what follows the cursor anew after each change, and draws the whole line where that is not enough.
"""

from __future__ import annotations

from lifecycle.programs.editor import completion
from lifecycle.programs.editor.editing import INTERRUPTED, Editor
from lifecycle.programs.editor.keys import characters, columns, width
from lifecycle.programs.state import Search

CLEAR_BELOW = "\x1b[J"
LONGEST_SEARCH = 127


class Lineedit(Editor):
    longest = 1022

    def begin(self, prompt: str) -> None:
        self.line.prompt = prompt
        self.line.place = len(self.source.history)
        self._put_prompt(prompt)

    def take(self, key: str) -> None:
        if self.line.search is not None and self._search(key):
            return
        tab, self.line.last = self.line.last, ""
        if key == "\t":
            self._complete(tab == "tab")
        elif key in KEYS:
            KEYS[key](self)
        elif key >= " " and key not in NAMED:
            self._type(key.removeprefix("meta "))

    def pasted(self, text: str) -> None:
        for key in characters(text):
            self.take(key)

    def redraw(self) -> None:
        row = (self.line.cursor + columns(self._last_prompt)) // self.width
        self._draw(max(row, self.line.row), len(self.line.characters) - self.line.cursor)

    # ── the screen ───────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def _last_prompt(self) -> str:
        search = self.line.search
        return f"(reverse-i-search)'{search.text}': " if search else self.line.prompt.rpartition("\n")[2]

    def _put_prompt(self, prompt: str) -> None:
        self.shown.append(prompt)
        self.line.cursor = 0
        self.line.row, self.line.column = divmod(columns(self._last_prompt), self.width)

    def _forward(self) -> None:
        """Show the character at the cursor and stand behind it; the last column of a row leads to the next one."""
        line = self.line
        if line.cursor == len(line.characters):
            return
        character = line.characters[line.cursor]
        line.cursor += 1
        size = width(character)
        line.column += size
        beyond = line.column - self.width
        if beyond <= 0:
            self.shown.append(character)
        if beyond >= 0:
            self.shown.append("\r\n")
            line.row += 1
            if beyond > 0:
                self.shown.append(character)
            line.column = size if beyond > 0 else 0

    def _to_end(self) -> None:
        while self.line.cursor < len(self.line.characters):
            self._forward()

    def _back(self, count: int) -> None:
        line = self.line
        count = min(count, line.cursor)
        line.cursor -= count
        size = sum(map(width, line.characters[line.cursor : line.cursor + count]))
        if line.column >= size:
            line.column -= size
            self.shown.append("\b" * size if size <= 4 else f"\x1b[{size}D")
            return
        row, line.column = self._place()
        self.shown.append(f"\r\x1b[{line.row - row}A" + (f"\x1b[{line.column}C" if line.column else ""))
        line.row = row

    def _place(self) -> tuple[int, int]:
        """Return the row and the column of the cursor, counted from the prompt on."""
        row, column = divmod(columns(self._last_prompt), self.width)
        for character in self.line.characters[: self.line.cursor]:
            column += width(character)
            if column >= self.width:
                row, column = row + 1, width(character) if column > self.width else 0
        return row, column

    def _draw(self, rows_up: int, back: int, prompt: str | None = None) -> None:
        """Draw it all from some rows above on, with the cursor so many characters from the end."""
        self.shown.append(f"\x1b[{rows_up}A\r" if rows_up > 0 else "\r")
        self._put_prompt(self._last_prompt if prompt is None else prompt)
        self._to_end()
        self.shown.append(CLEAR_BELOW)
        self._back(back)

    def _new_line(self) -> None:
        self._to_end()
        if self.line.cursor == 0 or self.line.column:
            self.shown.append("\n")

    def _beep(self) -> None:
        self.shown.append("\a")

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _type(self, character: str) -> None:
        line = self.line
        if len(line.characters) >= self.longest:
            return
        line.characters.insert(line.cursor, character)
        at = line.cursor
        self._forward()
        if at + 1 < len(line.characters):
            self._to_end()
            self._back(line.cursor - at - 1)

    def _delete(self) -> None:
        line = self.line
        at = line.cursor
        if at == len(line.characters):
            return
        del line.characters[at]
        self._to_end()
        self.shown.append(CLEAR_BELOW)
        self._back(line.cursor - at)

    def _backspace(self) -> None:
        if self.line.cursor:
            self._back(1)
            self._delete()

    def _enter(self) -> None:
        self._new_line()
        self.submit()

    def _interrupt(self) -> None:
        self.shown.append("^C")
        self.result = INTERRUPTED

    def _end(self) -> None:
        if self.line.characters:
            self._delete()
        else:
            self.result = ""

    def _home(self) -> None:
        self._back(self.line.cursor)

    def _left(self) -> None:
        self._back(1)

    def _kill(self) -> None:
        del self.line.characters[self.line.cursor :]
        self.shown.append(CLEAR_BELOW)

    def _kill_before(self) -> None:
        line = self.line
        if line.cursor:
            del line.characters[: line.cursor]
            self._draw(line.row, len(line.characters))

    def _rubout_word(self) -> None:
        line = self.line
        while line.cursor and line.characters[line.cursor - 1].isspace():
            self._backspace()
        while line.cursor and not line.characters[line.cursor - 1].isspace():
            self._backspace()

    def _clear(self) -> None:
        self.shown.append("\x1b[H" + CLEAR_BELOW)
        self._draw(0, len(self.line.characters) - self.line.cursor, self.line.prompt)

    def _older(self) -> None:
        self._go(self.line.place - 1)

    def _up(self) -> None:
        if not self.line.place:
            self._beep()
        self._older()

    def _newer(self) -> None:
        self._go(self.line.place + 1)

    def _go(self, place: int) -> None:
        if not self.line.characters and self.line.place in self.line.edited:
            del self.line.edited[self.line.place]
        if self.go_to(place):
            self._draw(self.line.row, 0)
        else:
            self._beep()

    def _word_left(self) -> None:
        line = self.line
        while line.cursor and not _in_word(line.characters[line.cursor - 1]):
            self._back(1)
        while line.cursor and _in_word(line.characters[line.cursor - 1]):
            self._back(1)

    def _word_right(self) -> None:
        line = self.line
        while line.cursor < len(line.characters) and not _in_word(line.characters[line.cursor]):
            self._forward()
        while line.cursor < len(line.characters) and _in_word(line.characters[line.cursor]):
            self._forward()

    def _kill_word(self) -> None:
        at = self.line.cursor
        self._word_right()
        count = self.line.cursor - at
        self._back(count)
        for _ in range(count):
            self._delete()

    def _kill_word_before(self) -> None:
        at = self.line.cursor
        self._word_left()
        for _ in range(at - self.line.cursor):
            self._delete()

    # ── completion ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _complete(self, again: bool) -> None:
        line = self.line
        found = completion.busybox(self.turn, self.before())
        line.last = "tab"
        if again:
            self._list(found.names)
            return
        if len(found.names) != 1:
            self._beep()
        if not found.common:
            return
        whole = completion.escaped(found.common, completion.BUSYBOX_SPECIAL)
        if len(found.names) == 1:
            line.last = ""
            whole += "" if whole.endswith("/") else " "
        typed = characters(completion.escaped(found.typed, completion.BUSYBOX_SPECIAL))
        rest = line.characters[line.cursor :]
        kept = line.characters[: max(line.cursor - len(typed), 0)]
        if len(kept) + len(whole) + len(rest) <= self.longest:
            line.characters = [*kept, *characters(whole), *rest]
            self._draw(line.row, len(rest))

    def _list(self, names: list[str]) -> None:
        if not names:
            return
        self.turn.machine.work(4 * len(names))
        back = len(self.line.characters) - self.line.cursor
        self._new_line()
        self.shown.append(completion.in_columns(names, self.width))
        self._draw(0, back, self.line.prompt)

    # ── search ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _begin_search(self) -> None:
        self.line.search = Search()
        self._draw(self.line.row, len(self.line.characters) - self.line.cursor)

    def _search(self, key: str) -> bool:
        """Take a key of a search in the history; False where it ends the search and means something else."""
        line, search = self.line, self.line.search
        assert search is not None
        if key in ("\b", "\x7f"):
            search.text = "".join(characters(search.text)[:-1])
        elif key >= " " and key not in NAMED and not key.startswith("meta "):
            search.text = (search.text + key)[:LONGEST_SEARCH]
        elif key != "\x12":
            line.search = None
            if search.found >= 0:
                self.set_text(self.history_at(search.found))
            self._draw(line.row, len(line.characters) - line.cursor)
            return False
        places = range(line.place - (key == "\x12"), -1, -1)
        place = next((one for one in places if one < len(self.source.history) and search.text in self.history_at(one)), None)
        if place is None:
            self._beep()
            return True
        line.place = search.found = place
        text = self.history_at(place)
        self.set_text(text)
        back = len(characters(text[text.find(search.text) :]))
        self._draw(line.row, back)
        return True


def _in_word(character: str) -> bool:
    return character.isalnum() or character >= "\x7f"


NAMED = {"", "up", "down", "left", "right", "home", "end", "delete", "word left", "word right", "kill word", "rubout word"}
KEYS = {
    "\r": Lineedit._enter,
    "\n": Lineedit._enter,
    "\x01": Lineedit._home,
    "home": Lineedit._home,
    "\x02": Lineedit._left,
    "left": Lineedit._left,
    "\x03": Lineedit._interrupt,
    "\x04": Lineedit._end,
    "\x05": Lineedit._to_end,
    "end": Lineedit._to_end,
    "\x06": Lineedit._forward,
    "right": Lineedit._forward,
    "\x08": Lineedit._backspace,
    "\x7f": Lineedit._backspace,
    "delete": Lineedit._delete,
    "\x0b": Lineedit._kill,
    "\x0c": Lineedit._clear,
    "\x0e": Lineedit._newer,
    "down": Lineedit._newer,
    "\x10": Lineedit._older,
    "up": Lineedit._up,
    "\x12": Lineedit._begin_search,
    "\x15": Lineedit._kill_before,
    "\x17": Lineedit._rubout_word,
    "word left": Lineedit._word_left,
    "word right": Lineedit._word_right,
    "kill word": Lineedit._kill_word,
    "rubout word": Lineedit._kill_word_before,
}
