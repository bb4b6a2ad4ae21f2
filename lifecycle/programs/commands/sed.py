"""sed: addresses, s, d, p, q, a, i, c, y, n, N, =, and -n, -e, -f, -i, -E."""

from __future__ import annotations

import re

import msgspec

from lifecycle.programs.commands import regex
from lifecycle.programs.commands.call import Call, UsageError, command
from lifecycle.programs.files import FileError


class Address(msgspec.Struct, frozen=True):
    """A line number, `$` (kind last), an expression, or `first~step`."""

    kind: str
    number: int = 0
    step: int = 0
    expression: re.Pattern[str] | None = None

    def matches(self, line: str, number: int, last: bool) -> bool:
        if self.kind == "line":
            return number == self.number
        if self.kind == "last":
            return last
        if self.kind == "step":
            return number >= self.number and (number - self.number) % max(self.step, 1) == 0
        return self.expression is not None and self.expression.search(line) is not None


class Edit(msgspec.Struct):
    """One command of a script. `inside` says that a range has begun."""

    letter: str
    first: Address | None = None
    last: Address | None = None
    negated: bool = False
    expression: re.Pattern[str] | None = None
    text: str = ""
    flags: str = ""
    inside: bool = False
    block: list[Edit] = []


class Script:
    """Reads a sed script. Raises: UsageError where it makes no sense or is not modelled."""

    def __init__(self, text: str, extended: bool) -> None:
        self.text = text
        self.extended = extended
        self.i = 0

    def edits(self, nested: bool = False) -> list[Edit]:
        found: list[Edit] = []
        while True:
            self._skip(" \t\n;")
            if self.i >= len(self.text):
                return found
            if self.text[self.i] == "}":
                self.i += 1
                if nested:
                    return found
                continue
            if self.text[self.i] == "#":
                self._until("\n")
                continue
            found.append(self._edit())

    def _skip(self, letters: str) -> None:
        while self.i < len(self.text) and self.text[self.i] in letters:
            self.i += 1

    def _until(self, stop: str) -> str:
        end = self.text.find(stop, self.i)
        end = len(self.text) if end < 0 else end
        piece, self.i = self.text[self.i : end], min(end + 1, len(self.text))
        return piece

    def _edit(self) -> Edit:
        first = self._address()
        last = None
        if first and self.text[self.i : self.i + 1] == ",":
            self.i += 1
            self._skip(" ")
            last = self._address()
        self._skip(" ")
        negated = self.text[self.i : self.i + 1] == "!"
        self.i += negated
        self._skip(" ")
        letter = self.text[self.i : self.i + 1]
        self.i += 1
        edit = Edit(letter, first, last, negated)
        if letter == "{":
            edit.block = self.edits(nested=True)
        elif letter == "s":
            self._substitute(edit)
        elif letter == "y":
            stop = self._take()
            edit.text, edit.flags = self._delimited(stop), self._delimited(stop)
        elif letter in "aic" and letter:
            self._skip(" \t")
            if self.text[self.i : self.i + 1] == "\\":
                self.i += 1
                self._skip(" \t\n")
            edit.text = self._until("\n").replace("\\n", "\n")
        elif letter in "dpqQnNDPxhHgG=l" and letter:
            edit.text = re.match(r"\d*", self.text[self.i :].lstrip()).group()  # type: ignore[union-attr]
            self._skip(" 0123456789")
        elif letter in ":btTrw":
            raise UsageError(f"the command {letter} is not modelled", -1)
        else:
            raise UsageError(f"-e expression #1, char {self.i}: unknown command: `{letter}'")
        return edit

    def _take(self) -> str:
        self.i += 1
        return self.text[self.i - 1 : self.i]

    def _address(self) -> Address | None:
        match = re.compile(r"(\d+)~(\d+)|(\d+)|(\$)").match(self.text, self.i)
        if match:
            self.i = match.end()
            if match.group(1):
                return Address("step", int(match.group(1)), int(match.group(2)))
            return Address("last") if match.group(4) else Address("line", int(match.group(3)))
        c = self.text[self.i : self.i + 1]
        if c not in ("/", "\\"):
            return None
        self.i += 1
        stop = c if c == "/" else self._take()
        source = self._delimited(stop)
        ignore = self.text[self.i : self.i + 1] == "I"
        self.i += ignore
        return Address("expression", expression=regex.compiled(source, self.extended, ignore))

    def _delimited(self, stop: str) -> str:
        out: list[str] = []
        while self.i < len(self.text) and self.text[self.i] != stop:
            if self.text[self.i] == "\\" and self.i + 1 < len(self.text):
                following = self.text[self.i + 1]
                out.append(following if following == stop and stop not in "|+?(){}" else "\\" + following)
                self.i += 2
            else:
                out.append(self.text[self.i])
                self.i += 1
        if self.i >= len(self.text):
            raise UsageError(f"-e expression #1, char {len(self.text)}: unterminated `s' command")
        self.i += 1
        return "".join(out)

    def _substitute(self, edit: Edit) -> None:
        stop = self._take()
        source = self._delimited(stop)
        edit.text = self._delimited(stop)
        match = re.compile(r"[gpiIeM0-9]*").match(self.text, self.i)
        edit.flags = match.group() if match else ""
        self.i += len(edit.flags)
        try:
            edit.expression = regex.compiled(source, self.extended, "i" in edit.flags.lower())
        except re.error as error:
            raise UsageError(f"bad regex '{source}'") from error


def replacement(template: str, match: re.Match[str]) -> str:
    """Return what `&`, `\\1`, `\\n`, `\\U`, `\\L` in a replacement come to."""
    out, case, i = "", "", 0
    while i < len(template):
        c = template[i]
        piece = c
        if c == "&":
            piece = match.group()
        elif c == "\\" and i + 1 < len(template):
            i += 1
            letter = template[i]
            if letter.isdigit():
                piece = (match.group(int(letter)) or "") if int(letter) <= (match.re.groups or 0) else ""
            elif letter in "ULE":
                case, piece = letter, ""
            else:
                piece = {"n": "\n", "t": "\t"}.get(letter, letter)
        out += piece.upper() if case == "U" else piece.lower() if case == "L" else piece
        i += 1
    return out


@command("sed")
def sed(call: Call) -> int | None:
    options, names = _options(call)
    scripts = options.get("e", [])
    for name in options.get("f", []):
        scripts.append(call.read_file(name))
    if not scripts:
        if not names:
            call.err("Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...\n")
            return 1
        scripts = [names.pop(0)]
    try:
        edits = Script("\n".join(scripts), "E" in options).edits()
    except UsageError as error:
        if error.status == -1:
            call.assume("command", f"sed: {error.text}; it is assumed to put its input out unchanged.")
            edits = []
        else:
            return call.fail(error.text)
    if "i" in options:
        return _in_place(call, edits, names, "n" in options)
    found = call.inputs(names)
    if found is None:
        return None
    text, status = run("".join(text for _, text in found), edits, "n" in options)
    call.out(text)
    return max(status, int(bool(call.data.get("failed"))))


def _options(call: Call) -> tuple[dict[str, list[str]], list[str]]:
    found: dict[str, list[str]] = {}
    names: list[str] = []
    args = list(call.args)
    while args:
        arg = args.pop(0)
        if arg in ("-e", "-f", "--expression", "--file") and args:
            found.setdefault("e" if "e" in arg[:3] else "f", []).append(args.pop(0))
        elif arg.startswith("--expression="):
            found.setdefault("e", []).append(arg.partition("=")[2])
        elif arg.startswith(("-i", "--in-place")):
            found["i"] = [arg[2:] if arg.startswith("-i") else ""]
        elif len(arg) > 1 and arg[0] == "-" and not arg.startswith("--"):
            for i, letter in enumerate(arg[1:], 1):
                if letter == "e":
                    found.setdefault("e", []).append(arg[i + 1 :] or (args.pop(0) if args else ""))
                    break
                if letter not in "nErsuzi":
                    raise UsageError(f"invalid option -- '{letter}'")
                found["E" if letter == "r" else letter] = []
        elif arg.startswith("--"):
            found[{"--quiet": "n", "--silent": "n", "--regexp-extended": "E"}.get(arg, "s")] = []
        else:
            names.append(arg)
    return found, names


def _in_place(call: Call, edits: list[Edit], names: list[str], quiet: bool) -> int:
    status = 0
    for name in names:
        try:
            text, _ = run(call.read_file(name), [msgspec.structs.replace(edit, inside=False) for edit in edits], quiet)
            call.write_file(name, text)
        except FileError as error:
            status = call.fail(
                f"{name}: {error.text}" if call.busybox else f"can't read {name}: {error.text}", 1 if call.busybox else 2
            )
    return status


class _Quit(Exception):
    def __init__(self, status: int, show: bool) -> None:
        super().__init__(status)
        self.status = status
        self.show = show


class _State:
    """The pattern space, the hold space and what is put out."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.at = 0
        self.space = ""
        self.hold = ""
        self.out: list[str] = []
        self.after: list[str] = []
        self.steps = 0


def run(text: str, edits: list[Edit], quiet: bool) -> tuple[str, int]:
    """Return what a script makes of a text, and the exit status."""
    state = _State(text.splitlines())
    status = 0
    while state.at < len(state.lines):
        state.space = state.lines[state.at]
        state.at += 1
        try:
            kept = _apply(state, edits)
        except _Quit as stop:
            status, kept, state.at = stop.status, stop.show, len(state.lines) + 1
        if kept and not quiet:
            state.out.append(state.space)
        state.out += state.after
        state.after = []
    joined = "".join(line + "\n" for line in state.out)
    return (joined if text.endswith("\n") or not text or not joined else joined[:-1]), status


def _selects(edit: Edit, state: _State) -> bool:
    number, last = state.at, state.at >= len(state.lines)
    if edit.first is None:
        return not edit.negated
    if edit.last is None:
        return edit.first.matches(state.space, number, last) != edit.negated
    if edit.inside:
        if edit.last.matches(state.space, number, last) or (edit.last.kind == "line" and number >= edit.last.number):
            edit.inside = False
        return not edit.negated or (edit.last.kind == "line" and number > edit.last.number)
    if edit.first.matches(state.space, number, last):
        edit.inside = not (edit.last.kind == "line" and edit.last.number <= number)
        return not edit.negated
    return edit.negated


def _apply(state: _State, edits: list[Edit]) -> bool:
    """Run the commands on the line; False where it was deleted."""
    return all(not (_selects(edit, state) and not _one(state, edit)) for edit in edits)


def _one(state: _State, edit: Edit) -> bool:
    match edit.letter:
        case "d":
            return False
        case "p" | "P":
            state.out.append(state.space if edit.letter == "p" else state.space.split("\n")[0])
        case "q" | "Q":
            raise _Quit(int(edit.text or 0), edit.letter == "q")
        case "=":
            state.out.append(str(state.at))
        case "a":
            state.after.append(edit.text)
        case "i":
            state.out.append(edit.text)
        case "c":
            if not edit.inside:
                state.out.append(edit.text)
            return False
        case "y":
            state.space = state.space.translate(str.maketrans(edit.text, edit.flags))
        case "n" | "N":
            return _next(state, edit.letter == "N")
        case "h" | "H":
            state.hold = state.space if edit.letter == "h" else state.hold + "\n" + state.space
        case "g" | "G":
            state.space = state.hold if edit.letter == "g" else state.space + "\n" + state.hold
        case "x":
            state.space, state.hold = state.hold, state.space
        case "s":
            _replace(state, edit)
        case "{":
            return _apply(state, edit.block)
    return True


def _next(state: _State, join: bool) -> bool:
    if state.at >= len(state.lines):
        return join
    line = state.lines[state.at]
    state.at += 1
    if join:
        state.space += "\n" + line
    else:
        state.out.append(state.space)
        state.space = line
    return True


def _replace(state: _State, edit: Edit) -> None:
    assert edit.expression is not None
    number = int(re.sub(r"\D", "", edit.flags) or 0)
    count = 0

    def one(match: re.Match[str]) -> str:
        nonlocal count
        count += 1
        if number and (count < number or (count > number and "g" not in edit.flags)):
            return match.group()
        return replacement(edit.text, match)

    space, made = edit.expression.subn(one, state.space, count=0 if "g" in edit.flags or number else 1)
    if made:
        state.space = space
        if "p" in edit.flags:
            state.out.append(space)
