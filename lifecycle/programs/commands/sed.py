"""sed: a script run for each line, as the lines come."""

from __future__ import annotations

from typing import Any

from lifecycle.programs import pipes
from lifecycle.programs.budget import CHARACTERS_A_STEP
from lifecycle.programs.commands.call import Call, UsageError, command
from lifecycle.programs.commands.inputs import next_line
from lifecycle.programs.commands.sed_script import Address, Edit, script
from lifecycle.programs.files import FileError
from lifecycle.programs.regex import Match, Regex, RegexError

MAX_SPACE = 1 << 20
"""The longest pattern or hold space."""


class Wait(Exception):
    """There is no more input now, or no more work may be done."""


class TooLong(Exception):
    """The pattern space is longer than may be."""


@command("sed")
def sed(call: Call) -> int | None:
    if "script" not in call.data:
        status = _begin(call)
        if status is not None:
            return status
    try:
        return _Sed(call).run()
    except Wait:
        return None
    except TooLong:
        call.machine.limit("bytes", f"{MAX_SPACE:,} characters in sed's pattern space", "it ends with 4")
        return call.fail("couldn't re-allocate memory", 4)


def _begin(call: Call) -> int | None:
    options, names = _options(call)
    scripts = options.get("e", [])
    for name in options.get("f", []):
        scripts.append(call.read_file(name).removesuffix("\n"))
    if not scripts:
        if not names:
            call.err("Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...\n")
            return 1
        scripts = [names.pop(0)]
    text = "\n".join(scripts)
    quiet = "n" in options or text.startswith("#n\n")
    try:
        edits = script(text, "E" in options)
    except UsageError as error:
        return call.fail(_busybox_text(error.text) if call.busybox else error.text)
    call.data.update(
        script=[text, "E" in options], names=names, quiet=quiet, pc=0, space="", hold="", line=0, newline=True,
        inside=[0] * len(edits), after=[], replaced=False, ahead=None, running=False, status=0, out="",
    )  # fmt: skip
    if "i" in options:
        call.data["files"], call.data["names"], call.data["suffix"] = names, names[:1], options["i"][0]
    elif "s" in options:
        call.data["separate"] = True
    return None


def _busybox_text(problem: str) -> str:
    """Return a complaint about a script in busybox's words."""
    what = problem.rpartition(": ")[2] if "unknown command" not in problem else problem[-2:-1]
    if "unknown command" in problem:
        return f"unsupported command {what}"
    return "unmatched '/'" if "unterminated" in problem else what


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


class _Sed:
    """sed at work; its memory is the command's `data`."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.data: dict[str, Any] = call.data
        text, extended = call.data["script"]
        self.edits = script(text, extended)
        self.looks_ahead = any(one and one.kind == "last" for edit in self.edits for one in (edit.first, edit.last))

    def run(self) -> int:
        data = self.data
        while True:
            if not data["running"]:
                line = self._read()
                if not line:
                    if not self._next_file():
                        break
                    continue
                self._take(line)
                data["running"], data["pc"], data["replaced"] = True, 0, False
            while data["pc"] < len(self.edits):
                if not self.call.machine.spend(self.call.process, 2):
                    raise Wait
                edit = self.edits[data["pc"]]
                if data.pop("resumes", False) or self._selects(edit, data["pc"]):
                    if edit.letter == "{":
                        data["pc"] += 1
                    elif not self._apply(edit):
                        break
                else:
                    data["pc"] = edit.jump if edit.letter == "{" else data["pc"] + 1
            if data["pc"] >= 0:
                self._end_cycle(not data["quiet"])
            if data.get("quits"):
                break
        return max(int(data["status"]), int(bool(data.get("failed"))))

    # ── lines ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _read(self) -> str:
        """Return the next line, empty at the end. Raises: Wait."""
        if pipes.pipe_full(self.call.machine, self.call.process, 1):
            raise Wait
        line: str | None = self.data.pop("held", None)
        if line is None:
            line, self.data["ahead"] = self.data["ahead"], None
        if line is None:
            line = next_line(self.call, self.data["names"])
        if line is None:
            raise Wait
        if line and self.looks_ahead:
            self.data["ahead"] = next_line(self.call, self.data["names"])
            if self.data["ahead"] is None:
                self.data["held"] = line
                raise Wait
        return line

    def _take(self, line: str) -> None:
        self.data["space"], self.data["newline"] = line.removesuffix("\n"), line.endswith("\n")
        self.data["line"] += 1

    def _next_file(self) -> bool:
        """Write what was made of a file that is edited in place, and go on to the next."""
        files = self.data.get("files")
        if not files:
            return False
        name = files.pop(0)
        try:
            if not self.data.get("failed"):
                suffix = self.data["suffix"]
                if suffix:
                    kept = suffix.replace("*", name) if "*" in suffix else name + suffix
                    self.call.write_file(kept, self.call.read_file(name))
                self.call.write_file(name, self.data["out"])
        except FileError as error:
            self.data["status"] = self.call.fail(f"couldn't open file {name}: {error.text}", 4)
        if self.data.pop("failed", False):
            self.data["status"] = 1 if self.call.busybox else 2
        self.data.update(out="", names=files[:1], source=0, line=0, ahead=None)
        return bool(files)

    def _last(self) -> bool:
        return bool(self.data["ahead"] == "")

    def put(self, text: str, newline: bool = True) -> None:
        text = text + "\n" if newline else text
        if "files" in self.data:
            self.data["out"] += text
            if len(self.data["out"]) > 8 * MAX_SPACE:
                raise TooLong
        else:
            self.call.out(text)

    def _end_cycle(self, show: bool) -> None:
        data = self.data
        if show:
            self.put(data["space"], data["newline"])
        for kind, text in data["after"]:
            self.put(text) if kind == "a" else self._put_file(text)
        data["after"] = []
        data["running"] = False

    def _put_file(self, name: str) -> None:
        try:
            text = self.call.read_file(name)
        except FileError:
            return
        self.put(text.removesuffix("\n"), text.endswith("\n"))

    # ── which lines ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _selects(self, edit: Edit, at: int) -> bool:
        """Say whether a command is for this line. `inside` is the line at which its range ends, or -1 while it is not known."""
        if edit.first is None:
            return not edit.negated
        if edit.last is None:
            return self._matches(edit.first) != edit.negated
        return self._in_range(edit.first, edit.last, at) != edit.negated

    def _in_range(self, first: Address, last: Address, at: int) -> bool:
        inside: list[int] = self.data["inside"]
        number: int = self.data["line"]
        if inside[at]:
            end = inside[at]
            if number >= end > 0 or (end < 0 and self._matches(last)):
                inside[at] = 0
            return end < 0 or number <= end
        zero = first.kind == "line" and first.number == 0
        if zero and number == 1 and not self.data.get("zeroed"):
            self.data["zeroed"] = True
            inside[at] = 0 if self._matches(last) else -1
            return True
        if not self._matches(first):
            return False
        multiple = -(-number // max(last.number, 1)) * last.number
        until = {"line": last.number, "+": number + last.number, "~": multiple}.get(last.kind)
        inside[at] = -1 if until is None else until if until > number else 0
        return True

    def _matches(self, address: Address) -> bool:
        number = self.data["line"]
        match address.kind:
            case "line":
                return bool(number == address.number)
            case "last":
                return self._last()
            case "step":
                past = number - address.number
                return bool(past >= 0 and past % address.step == 0 if address.step else past == 0)
        return self._search(address.expression) is not None

    def _used(self, expression: Regex | None) -> Regex:
        """Return an expression, or the one used last where it is empty."""
        if expression is None:
            for edit in self.edits:
                for one in (edit.expression, edit.first and edit.first.expression, edit.last and edit.last.expression):
                    expression = one or expression
        if expression is None:
            raise RegexError("no previous regular expression")
        return expression

    def _search(self, expression: Regex | None) -> Match | None:
        used = self._used(expression)
        self.call.machine.work(used.cost(len(self.data["space"])))
        return used.search(self.data["space"])

    # ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _apply(self, edit: Edit) -> bool:
        """Carry out a command and step on; False where the cycle ends. A `pc` below 0 then says that nothing is put out."""
        data = self.data
        data["pc"] += 1
        match edit.letter:
            case "b" | "t" | "T":
                return self._branch(edit)
            case "d" | "Q" | "q" | "c" | "D":
                return self._ends(edit)
            case "p":
                self.put(data["space"])
            case "P":
                self.put(data["space"].partition("\n")[0])
            case "=":
                self.put(str(data["line"]))
            case "a" | "r":
                data["after"].append([edit.letter, edit.text])
            case "i":
                self.put(edit.text)
            case "l":
                self.put(_unambiguous(data["space"]))
            case "F":
                self.put((data["names"] or ["-"])[min(data.get("source", 0), len(data["names"]) - 1)] if data["names"] else "-")
            case "w":
                self._write(edit.text)
            case "y":
                data["space"] = data["space"].translate(str.maketrans(edit.text, edit.flags))
            case "n" | "N":
                return self._next(edit.letter == "N")
            case "s":
                self._replace(edit)
            case _:
                self._hold(edit.letter)
        self.call.machine.work(len(data["space"]) // CHARACTERS_A_STEP)
        return True

    def _branch(self, edit: Edit) -> bool:
        data = self.data
        taken = edit.letter == "b" or data["replaced"] == (edit.letter == "t")
        if edit.letter != "b":
            data["replaced"] = False
        if taken:
            data["pc"] = edit.jump
        return True

    def _ends(self, edit: Edit) -> bool:
        data = self.data
        show = False
        if edit.letter in "qQ":
            data["status"], data["quits"] = int(edit.text or 0), True
            show = edit.letter == "q" and not data["quiet"]
        elif edit.letter == "c" and (edit.last is None or edit.negated or not data["inside"][data["pc"] - 1]):
            self.put(edit.text)
        elif edit.letter == "D" and "\n" in data["space"]:
            self._end_cycle(False)
            data["space"] = data["space"].partition("\n")[2]
            data["running"], data["pc"] = True, 0
            return True
        self._end_cycle(show)
        data["pc"] = -1
        return False

    def _hold(self, letter: str) -> None:
        data = self.data
        match letter:
            case "h":
                data["hold"] = data["space"]
            case "H":
                data["hold"] = self._short(data["hold"] + "\n" + data["space"])
            case "g":
                data["space"] = data["hold"]
            case "G":
                data["space"] = self._short(data["space"] + "\n" + data["hold"])
            case "x":
                data["space"], data["hold"] = data["hold"], data["space"]
            case "z":
                data["space"] = ""

    @staticmethod
    def _short(text: str) -> str:
        if len(text) > MAX_SPACE:
            raise TooLong
        return text

    def _next(self, join: bool) -> bool:
        """Take the next line; at the end of the input the pattern space is put out and nothing more is done."""
        data = self.data
        try:
            line = self._read()
        except Wait:
            data["pc"] -= 1
            data["resumes"] = True
            raise
        if not line:
            data["pc"] = len(self.edits)
            return True
        if join:
            before = data["space"]
            self._take(line)
            data["space"] = self._short(before + "\n" + data["space"])
            return True
        if not data["quiet"]:
            self.put(data["space"])
        for kind, text in data["after"]:
            self.put(text) if kind == "a" else self._put_file(text)
        data["after"] = []
        self._take(line)
        return True

    def _replace(self, edit: Edit) -> None:
        data = self.data
        expression = self._used(edit.expression)
        number = int("".join(c for c in edit.flags if c.isdigit()) or 0)
        count = 0
        self.call.machine.work(expression.cost(len(data["space"])))

        def one(match: Match) -> str:
            nonlocal count
            count += 1
            if number and (count < number or (count > number and "g" not in edit.flags)):
                return match.text()
            return replacement(edit.text, match)

        space, made = expression.subn(one, data["space"], 0 if "g" in edit.flags or number else 1)
        self.call.machine.work(count)
        if not made or (number and count < number):
            return
        data["space"], data["replaced"] = self._short(space), True
        if "p" in edit.flags:
            self.put(space)
        if edit.label:
            self._write(edit.label)

    def _write(self, name: str) -> None:
        """Add the pattern space to a file, which the first time makes anew."""
        if name in ("/dev/stdout", "/dev/stderr"):
            self.call.machine.write(self.call.process, 1 + name.endswith("err"), self.data["space"] + "\n")
            return
        written: list[str] = self.data.setdefault("written", [])
        self.call.write_file(name, self.data["space"] + "\n", "a" if name in written else "w")
        if name not in written:
            written.append(name)


def _unambiguous(text: str) -> str:
    named = {"\\": "\\\\", "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
    return "".join(named.get(c, c if " " <= c <= "~" else f"\\{ord(c):03o}") for c in text) + "$"


def replacement(template: str, match: Match) -> str:
    """Return what `&`, `\\1`, `\\n`, `\\U`, `\\l` in a replacement come to."""
    out: list[str] = []
    case = once = ""
    i = 0
    while i < len(template):
        c = template[i]
        piece = c
        if c == "&":
            piece = match.text()
        elif c == "\\" and i + 1 < len(template):
            i += 1
            letter = template[i]
            if letter.isdigit():
                piece = match.group(int(letter)) or ""
            elif letter in "ULEul":
                case, once, piece = (letter, once, "") if letter in "ULE" else (case, letter, "")
            else:
                piece = {"n": "\n", "t": "\t", "r": "\r"}.get(letter, letter)
        piece = piece.upper() if case == "U" else piece.lower() if case == "L" else piece
        if once and piece:
            piece = (piece[0].upper() if once == "u" else piece[0].lower()) + piece[1:]
            once = ""
        out.append(piece)
        i += 1
    return "".join(out)
