"""bash's editor of lines, in its emacs mode (readline: text.c, kill.c, isearch.c, complete.c), without an inputrc.

What is not bound here (macros, arguments of keys, the vi mode) rings the bell.
"""

from __future__ import annotations

from collections.abc import Callable

from lifecycle.programs.editor import completion
from lifecycle.programs.editor.editing import INTERRUPTED, Editor
from lifecycle.programs.editor.keys import characters
from lifecycle.programs.editor.redisplay import Layout, Screen, prompt_cells
from lifecycle.programs.state import Search

PASTES, NO_PASTES = "\x1b[?2004h", "\x1b[?2004l\r"
"""Asks the terminal to say what is pasted; and no more."""
MANY = 100
"""So many names are listed without a question."""


class Readline(Editor):
    longest = 4095

    def begin(self, prompt: str) -> None:
        above, newline, self.line.prompt = prompt.rpartition("\n")
        self.line.place = len(self.source.history)
        self.shown.append(self._told(PASTES) + above + newline)

    def put_out(self) -> None:
        if self.result is None and not self.line.asked and (not self.silent or not self.line.rows):
            self._display()
        elif self.silent:
            self.shown = [self._told(NO_PASTES) + "\n"] if self.result else []
        super().put_out()

    def take(self, key: str) -> None:
        line = self.line
        if line.asked:
            self._answer(key)
            return
        line.marked = (0, 0)
        if line.search is not None and self._search(key):
            return
        before, line.last = line.last, ""
        self.again = before
        if key == "\t":
            self._complete()
        elif key in KEYS:
            KEYS[key](self)
        elif key and key >= " " and not key.startswith("meta ") and key not in _NAMED:
            self.insert(key)
        else:
            self._ring()

    def pasted(self, text: str) -> None:
        at = self.line.cursor
        self.insert(text.replace("\r\n", "\n").replace("\r", "\n"))
        self.line.marked, self.line.last = (at, self.line.cursor), ""

    def redraw(self) -> None:
        self.shown.append("\r\x1b[K\r")
        Screen(self.line, self.width).forget()

    # ── the screen ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _told(self, text: str) -> str:
        """Return what only terminals that know it are told."""
        return text if self.turn.get_text("TERM") not in ("", "dumb") else ""

    def _display(self, quickly: bool = False) -> None:
        screen = Screen(self.line, self.width)
        layout = Layout(prompt_cells(self._prompt()), self.line, self.width)
        if quickly:
            screen.rewrite(layout)
        screen.update(layout)
        self.shown += screen.out

    def _leave(self) -> None:
        """Go on below the line."""
        screen = Screen(self.line, self.width)
        screen.leave()
        self.shown += screen.out

    def _prompt(self) -> str:
        search = self.line.search
        if search is None:
            return self.line.prompt
        way = ("failed " if search.failed else "") + ("" if search.forward else "reverse-") + "i-search"
        return f"({way})`{search.text}': "

    def _ring(self) -> None:
        self._display()
        self.shown.append("\a")

    again = ""
    """What the key before has done."""

    # ── moving and changing ──────────────────────────────────────────────────────────────────────────────────────────

    def _to(self, place: int) -> None:
        if 0 <= place <= len(self.line.characters):
            self.line.cursor = place
        else:
            self._ring()

    def _left(self) -> None:
        self._to(self.line.cursor - 1)

    def _right(self) -> None:
        self._to(self.line.cursor + 1)

    def _home(self) -> None:
        self.line.cursor = 0

    def _end(self) -> None:
        self.line.cursor = len(self.line.characters)

    def _word_start(self, inside: Callable[[str], bool]) -> int:
        at, cells = self.line.cursor, self.line.characters
        while at and not inside(cells[at - 1]):
            at -= 1
        while at and inside(cells[at - 1]):
            at -= 1
        return at

    def _word_end(self) -> int:
        at, cells = self.line.cursor, self.line.characters
        while at < len(cells) and not _letter(cells[at]):
            at += 1
        while at < len(cells) and _letter(cells[at]):
            at += 1
        return at

    def _word_left(self) -> None:
        self.line.cursor = self._word_start(_letter)

    def _word_right(self) -> None:
        self.line.cursor = self._word_end()

    def _backspace(self) -> None:
        if self.line.cursor:
            self.cut(self.line.cursor - 1, self.line.cursor)
        else:
            self._ring()

    def _delete(self) -> None:
        if self.line.cursor < len(self.line.characters):
            self.cut(self.line.cursor, self.line.cursor + 1)
        else:
            self._ring()

    def _transpose(self) -> None:
        line = self.line
        if not line.cursor or len(line.characters) < 2:
            self._ring()
            return
        at = min(line.cursor, len(line.characters) - 1)
        line.characters[at - 1], line.characters[at] = line.characters[at], line.characters[at - 1]
        line.cursor = at + 1

    def _change_word(self, change: Callable[[str], str]) -> None:
        start, end = self.line.cursor, self._word_end()
        text = "".join(self.line.characters[start:end])
        self.line.characters[start:end] = characters(change(text))
        self.line.cursor = end

    def _upcase(self) -> None:
        self._change_word(str.upper)

    def _downcase(self) -> None:
        self._change_word(str.lower)

    def _capitalize(self) -> None:
        self._change_word(lambda text: text.title())

    # ── cutting and putting back ─────────────────────────────────────────────────────────────────────────────────────

    def _kill(self, start: int, end: int) -> None:
        """Cut a part out, and keep it; what is cut by keys one after the other is kept together."""
        backward = start < self.line.cursor
        text = self.cut(start, end)
        kept = self.source.killed if self.again == "kill" else ""
        if text:
            self.source.killed = text + kept if backward else kept + text
        self.line.last = "kill"

    def _kill_rest(self) -> None:
        self._kill(self.line.cursor, len(self.line.characters))

    def _kill_before(self) -> None:
        if self.line.cursor:
            self._kill(0, self.line.cursor)
        else:
            self._ring()

    def _rubout(self) -> None:
        if self.line.cursor:
            self._kill(self._word_start(lambda one: one not in " \t"), self.line.cursor)
        else:
            self._ring()

    def _kill_word(self) -> None:
        self._kill(self.line.cursor, self._word_end())

    def _kill_word_before(self) -> None:
        self._kill(self._word_start(_letter), self.line.cursor)

    def _yank(self) -> None:
        if self.source.killed:
            self.insert(self.source.killed)
        else:
            self._ring()

    def _last_argument(self) -> None:
        """Put in the last word of the line before; once more, of the one before that."""
        steps, _, size = self.again.removeprefix("argument ").partition(" ") if "argument" in self.again else ("0", "", "0")
        place = self.line.place - 1 - int(steps)
        if place < 0 or place >= len(self.source.history):
            self.line.last = self.again
            self._ring()
            return
        self.cut(self.line.cursor - int(size), self.line.cursor)
        word = (self.source.history[place].split() or [""])[-1]
        self.insert(word)
        self.line.last = f"argument {int(steps) + 1} {len(characters(word))}"

    # ── the line and the history ─────────────────────────────────────────────────────────────────────────────────────

    def _enter(self) -> None:
        self._display()
        self._leave()
        self.shown.append(self._told(NO_PASTES))
        self.submit()

    def _interrupt(self) -> None:
        self._display()
        self.line.search = None
        self.shown.append("^C" + self._told(NO_PASTES + PASTES + NO_PASTES))
        self.result = INTERRUPTED

    def _end_of_input(self) -> None:
        if self.line.characters:
            self._delete()
            return
        self._display()
        self.shown.append(self._told(NO_PASTES) + "\n")
        self.result = ""

    def _older(self) -> None:
        if not self.go_to(self.line.place - 1) and self.source.history:
            self._ring()

    def _newer(self) -> None:
        if not self.go_to(self.line.place + 1):
            self._ring()

    def _oldest(self) -> None:
        self.go_to(0)

    def _newest(self) -> None:
        self.go_to(len(self.source.history))

    def _clear(self) -> None:
        self.shown.append("\x1b[H\x1b[2J")
        Screen(self.line, self.width).forget()

    # ── completion ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _complete(self) -> None:
        found = completion.bash(self.turn, self.before())
        if not found.names:
            self._ring()
            return
        if self.again == "tab":
            self.line.last = "tab"
            self._offer(found.names)
            return
        whole = found.common if found.quoted[:1] in ("$", "~") else completion.escaped(found.common, completion.BASH_SPECIAL)
        if len(found.names) == 1 and not whole.endswith("/"):
            whole += " "
        if len(found.names) > 1:
            self._ring()
        if whole == found.quoted or len(whole) < len(found.quoted):
            self.line.last = "tab"
            return
        self.cut(self.line.cursor - len(characters(found.quoted)), self.line.cursor)
        self.insert(whole)

    def _offer(self, names: list[str]) -> None:
        self.turn.machine.work(4 * len(names))
        self._display()
        self._leave()
        if len(names) > MANY:
            self.line.asked = names
            self.shown.append(f"Display all {len(names)} possibilities? (y or n)")
        else:
            self.shown.append(completion.in_padded_columns(names, self.width))

    def _answer(self, key: str) -> None:
        names = self.line.asked
        if key in ("y", "Y", " "):
            self.shown.append("\n" + completion.in_padded_columns(names, self.width))
        elif key in ("n", "N", "\x7f"):
            self.shown.append("\n")
        elif key in ("\x03", "\x07"):
            self.line.asked = []
            self._interrupt() if key == "\x03" else self.shown.append("\n")
            return
        else:
            self.shown.append("\a")
            return
        self.line.asked = []

    # ── search ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _search_back(self) -> None:
        self._begin_search(False)

    def _search_on(self) -> None:
        self._begin_search(True)

    def _begin_search(self, forward: bool) -> None:
        line = self.line
        line.search = Search(forward=forward, before=list(line.characters), cursor=line.cursor, place=line.place)
        self._display(quickly=True)

    def _search(self, key: str) -> bool:
        """Take a key of a search in the history; False where it ends the search and means something else."""
        line, search = self.line, self.line.search
        assert search is not None
        if key == "\x07":
            line.search, line.place = None, search.place
            line.characters, line.cursor = list(search.before), search.cursor
        elif key in ("\x12", "\x13"):
            search.forward = key == "\x13"
            self._find(1)
        elif key in ("\x7f", "\x08"):
            search.text = "".join(characters(search.text)[:-1])
            self._find(0)
        elif key >= " " and not key.startswith("meta ") and key not in _NAMED:
            search.text += key
            self._find(0)
        else:
            line.search = None
            self._display()
            return False
        return True

    def _find(self, skip: int) -> None:
        """Find the next line with the text, from this one on; from behind its own match where it is asked for once more."""
        line, search = self.line, self.line.search
        assert search is not None
        places = range(line.place, len(self.source.history) + 1) if search.forward else range(line.place, -1, -1)
        for i, place in enumerate(places):
            text = self.history_at(place) if place != line.place else self.text
            wanted = characters(search.text)
            cells = characters(text)
            ends = len(cells) if i else 0 if search.failed else line.cursor - skip
            starts = [at for at in range(len(cells) - len(wanted) + 1) if cells[at : at + len(wanted)] == wanted]
            starts = [at for at in starts if at <= ends] if not search.forward else starts[skip and not i :]
            if starts:
                line.place, search.failed = place, False
                line.characters = cells
                line.cursor = starts[0 if search.forward else -1]
                line.marked = (line.cursor, line.cursor + len(wanted))
                return
        search.failed = True
        self.shown.append("\a")


def _letter(character: str) -> bool:
    return character.isalnum() or len(character) > 1


_NAMED = {"", "up", "down", "left", "right", "home", "end", "delete", "word left", "word right", "kill word", "rubout word"}
KEYS: dict[str, Callable[[Readline], None]] = {
    "\r": Readline._enter,
    "\n": Readline._enter,
    "\x01": Readline._home,
    "home": Readline._home,
    "\x02": Readline._left,
    "left": Readline._left,
    "\x03": Readline._interrupt,
    "\x04": Readline._end_of_input,
    "\x05": Readline._end,
    "end": Readline._end,
    "\x06": Readline._right,
    "right": Readline._right,
    "\x08": Readline._backspace,
    "\x7f": Readline._backspace,
    "delete": Readline._delete,
    "\x0b": Readline._kill_rest,
    "\x0c": Readline._clear,
    "\x0e": Readline._newer,
    "down": Readline._newer,
    "\x10": Readline._older,
    "up": Readline._older,
    "\x12": Readline._search_back,
    "\x13": Readline._search_on,
    "\x14": Readline._transpose,
    "\x15": Readline._kill_before,
    "\x17": Readline._rubout,
    "\x19": Readline._yank,
    "word left": Readline._word_left,
    "word right": Readline._word_right,
    "kill word": Readline._kill_word,
    "rubout word": Readline._kill_word_before,
    "meta .": Readline._last_argument,
    "meta _": Readline._last_argument,
    "meta u": Readline._upcase,
    "meta l": Readline._downcase,
    "meta c": Readline._capitalize,
    "meta <": Readline._oldest,
    "meta >": Readline._newest,
}
