"""What ash (busybox), dash and bash say when something is wrong, each in its own words."""

from __future__ import annotations

from lifecycle.programs.lists import names
from lifecycle.programs.shell.syntax import SyntaxFault
from lifecycle.programs.signals import DESCRIPTIONS

_QUOTES = {"'": "Unterminated quoted string", '"': "Unterminated quoted string", "`": "EOF in backquote substitution"}
_MAGIC_EOF = {")": "EOF in command substitution"}


def prefix(dialect: str, name: str, line: int) -> str:
    """Return what stands before a complaint of the shell itself. Line 0: it names none, as an interactive shell."""
    if dialect == "bash" and line:
        return f"{name}: line {line}: "
    if dialect == "dash":
        return f"{name}: {line}: "
    return f"{name}: "


def builtin_prefix(dialect: str, name: str, command: str, line: int) -> str:
    """Return what stands before a complaint of a builtin command."""
    if dialect == "ash" and line:
        return f"{name}: {command}: line {line - 1}: "
    return f"{prefix(dialect, name, line)}{command}: "


def not_found(dialect: str, command: str, path: bool) -> str:
    if dialect != "bash":
        return f"{command}: not found"
    return f"{command}: No such file or directory" if path else f"{command}: command not found"


def cannot_open(dialect: str, path: str, code: str, text: str) -> str:
    """Return the complaint about a redirection from a file."""
    if dialect == "bash":
        return f"{path}: {text}"
    short = {"ENOENT": "No such file" if dialect == "dash" else "no such file"}.get(code, text)
    return f"cannot open {path}: {short}" if dialect == "dash" else f"can't open {path}: {short}"


def cannot_create(dialect: str, path: str, code: str, text: str) -> str:
    """Return the complaint about a redirection to a file."""
    if dialect == "bash":
        return f"{path}: {text}"
    short = {"ENOENT": "Directory nonexistent" if dialect == "dash" else "nonexistent directory"}.get(code, text)
    return f"cannot create {path}: {short}" if dialect == "dash" else f"can't create {path}: {short}"


def killed(dialect: str, name: str, line: int, signal: str, pid: int, command: str) -> str:
    """Return what a shell says of a child that a signal has ended; empty where it says nothing."""
    text = DESCRIPTIONS.get(signal, "")
    if text and dialect == "bash":
        return f"{name}: line {line}: {pid:5d} {text:<23} {command}\n"
    return text + "\n" if text else ""


def redirection_status(dialect: str) -> int:
    return 2 if dialect == "dash" else 1


def arithmetic(dialect: str, kind: str, token: str, text: str) -> str:
    """Return the complaint about an arithmetic expression."""
    if dialect == "ash":
        return "divide by zero" if kind == "zero" else "arithmetic syntax error"
    if dialect == "dash":
        return f'arithmetic expression: {"division by zero" if kind == "zero" else "expecting primary"}: "{text}"'
    if kind == "zero":
        return f'{text}: division by 0 (error token is "{text.split("/")[-1].split("%")[-1].strip()}")'
    return f'{text}: syntax error: operand expected (error token is "{token or text[-1:]}")'


def syntax_error(dialect: str, name: str, fault: SyntaxFault, line: int = 0, source: str = "-c: ") -> str:
    """Return the whole complaint, lines and all, about a script that does not parse.

    `line` is the number of lines before it, `source` what bash calls it where it is no file; a script that is typed has -1.
    """
    if dialect == "bash":
        return _bash(name, fault, line, source)
    words = _words(dialect, fault)
    if dialect == "dash":
        return f"{name}: {line + fault.line}: Syntax error: {words}\n"
    return f"{name}: syntax error: {words}\n"


def _words(dialect: str, fault: SyntaxFault) -> str:
    match fault.kind:
        case "quote":
            text = _QUOTES.get(fault.token, "Unterminated quoted string" if dialect == "ash" else "Missing '}'")
        case "substitution":
            text = "Bad substitution"
        case "variable":
            text = "Bad for loop variable"
        case "function":
            text = "Bad function name"
        case "nesting":
            text = "Out of memory"
        case _:
            return _unexpected(dialect, fault)
    return text if dialect == "dash" else text[0].lower() + text[1:]


def _unexpected(dialect: str, fault: SyntaxFault) -> str:
    token = fault.token if fault.kind == "eof" or fault.token == "newline" else f'"{fault.token}"'
    if fault.token not in _SHOWN and fault.kind != "eof":
        token = "word"
    expecting = f' (expecting "{fault.expecting}")' if fault.expecting else ""
    return f"{token} unexpected{expecting}" if dialect == "dash" else f"unexpected {token}{expecting}"


_SHOWN = set(names("; & && | || ;; ( ) < > >> << newline if then else elif fi do done case esac while until for { } ! in"))


def _bash(name: str, fault: SyntaxFault, line: int, source: str) -> str:
    at, after = (f"line {line + fault.line}: ", f"line {line + fault.line + 1}: ") if line >= 0 else ("", "")
    head = f"{name}: {source}{at}"
    if fault.kind == "quote":
        return f"{head}unexpected EOF while looking for matching `{fault.token}'\n"
    if fault.kind == "eof":
        return f"{name}: {source}{after if source else at}syntax error: unexpected end of file\n"
    if fault.kind == "substitution":
        return f"{name}: {at}${{{fault.token}}}: bad substitution\n"
    if fault.kind == "variable":
        return f"{head}`{fault.token}': not a valid identifier\n"
    said = f"{head}syntax error near unexpected token `{fault.token}'\n"
    return f"{said}{head}`{fault.text}'\n" if line >= 0 else said
