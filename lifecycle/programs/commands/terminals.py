"""Commands about the terminal: tty, stty, clear, reset, tput."""

from __future__ import annotations

import re

from lifecycle.programs import terminal
from lifecycle.programs.commands.call import Call, command
from lifecycle.programs.interface import WindowSize
from lifecycle.programs.state import Terminal
from lifecycle.programs.terminal import opened_by, terminal_of

_CONTROL = (
    "intr = ^C; quit = ^\\; erase = ^?; kill = ^U; eof = ^D; eol = <undef>;\n"
    "eol2 = <undef>; swtch = <undef>; start = ^Q; stop = ^S; susp = ^Z; rprnt = ^R;\n"
    "werase = ^W; lnext = ^V; {discard} = ^O; min = 1; time = 0;\n"
)
_MODES = (
    "-parenb -parodd -cmspar cs8 -hupcl -cstopb cread -clocal -crtscts\n"
    "-ignbrk -brkint -ignpar -parmrk -inpck -istrip -inlcr -igncr icrnl ixon -ixoff\n"
    "-iuclc -ixany -imaxbel -iutf8\n"
    "opost -olcuc -ocrnl onlcr -onocr -onlret -ofill -ofdel nl0 cr0 tab0 bs0 vt0 ff0\n"
    "isig icanon iexten {echo} echoe echok -echonl -noflsh -xcase -tostop -echoprt\n"
    "echoctl echoke -flusho -extproc\n"
)


@command("tty")
def tty(call: Call) -> int:
    found = opened_by(call.machine, call.process, 0)
    if "-s" not in call.args:
        call.out(f"/dev/pts/{min(found.pos, 1)}\n" if found else "not a tty\n")
    return 0 if found else 1


@command("stty")
def stty(call: Call) -> int:
    found = terminal_of(call.machine, call.process)
    if found is None or opened_by(call.machine, call.process, 0) is None:
        name = "standard input" if call.busybox else "'standard input'"
        return call.fail(f"{name}: Inappropriate ioctl for device")
    args = [arg for arg in call.args if arg != "-a"]
    if not args:
        call.out(_settings(call, found))
    while args:
        status = _set(call, found, args)
        if status:
            return status
    return 0


def _settings(call: Call, found: Terminal) -> str:
    """Return what differs from what is usual, or all of it (-a)."""
    control = _CONTROL.format(discard="flush" if call.busybox else "discard")
    if "-a" in call.args:
        size = f"rows {found.rows}; columns {found.columns};"
        return f"speed 38400 baud; {size} line = 0;\n{control}{_MODES.format(echo='-echo' if found.silent else 'echo')}"
    shown = "speed 38400 baud; line = 0;\n" + (control if call.busybox else "")
    return shown + "-brkint -imaxbel\n" + ("-echo\n" if found.silent else "")


def _set(call: Call, found: Terminal, args: list[str]) -> int:
    """Do what the first of some words asks for. The keys are not to be changed, and what else is asked for is not modelled."""
    word = args.pop(0)
    if word == "size":
        call.out(f"{found.rows} {found.columns}\n")
    elif word in ("rows", "cols", "columns") and args and args[0].isdigit():
        value = min(int(args.pop(0)), 0xFFFF)
        size = WindowSize(value, found.columns) if word == "rows" else WindowSize(found.rows, value)
        number = next(number for number, one in call.machine.state.terminals.items() if one is found)
        terminal.resize(call.machine, number, size)
    elif word in ("echo", "-echo"):
        found.silent = word == "-echo"
    elif word == "sane":
        found.silent = False
    elif word.lstrip("-") in _WORDS:
        args[:1] = args[1:] if word in _TAKES_A_KEY else args[:1]
        call.assume("command", f"stty {word} is not modelled: the terminal stays as it is.")
    elif call.busybox:
        return call.fail(f"invalid number '{word}'")
    else:
        call.err(f"stty: invalid argument ‘{word}’\n".encode().decode("latin-1"))
        call.err("Try 'stty --help' for more information.\n")
        return 1
    return 0


_TAKES_A_KEY = {"intr", "quit", "erase", "kill", "eof", "eol", "start", "stop", "susp", "werase", "lnext", "min", "time"}
_WORDS = {*_TAKES_A_KEY, *re.findall(r"[a-z]{3,}\w*", _MODES), "raw", "cooked", "cbreak", "nl", "evenp", "oddp", "ek", "dec"}


@command("clear", "reset")
def clear(call: Call) -> int:
    known = call.process.env.get("TERM")
    if call.busybox:
        call.out("\x1b[H\x1b[J" if call.name == "clear" else "\x1bc\x1b(B\x1b[m\x1b[J\x1b[?25h")
    elif call.name == "reset":
        call.out("\x1bc\x1b[!p\x1b[?3;4l\x1b[4l\x1b>\x1b[?69l\r")
    elif known:
        call.out("\x1b[H\x1b[2J\x1b[3J")
    else:
        call.err("TERM environment variable not set.\n")
        return 1
    found = terminal_of(call.machine, call.process)
    if call.name == "reset" and found is not None:
        found.silent = False
    return 0


CAPABILITIES = {
    "bel": "\a",
    "blink": "\x1b[5m",
    "bold": "\x1b[1m",
    "civis": "\x1b[?25l",
    "clear": "\x1b[H\x1b[2J\x1b[3J",
    "cnorm": "\x1b[?12l\x1b[?25h",
    "cr": "\r",
    "cub": "\x1b[{0}D",
    "cub1": "\b",
    "cud": "\x1b[{0}B",
    "cud1": "\n",
    "cuf": "\x1b[{0}C",
    "cuf1": "\x1b[C",
    "cup": "\x1b[{0+1};{1+1}H",
    "cuu": "\x1b[{0}A",
    "cuu1": "\x1b[A",
    "dch": "\x1b[{0}P",
    "dch1": "\x1b[P",
    "dim": "\x1b[2m",
    "dl1": "\x1b[M",
    "ed": "\x1b[J",
    "el": "\x1b[K",
    "el1": "\x1b[1K",
    "home": "\x1b[H",
    "hpa": "\x1b[{0+1}G",
    "ich": "\x1b[{0}@",
    "il1": "\x1b[L",
    "invis": "\x1b[8m",
    "longname": "xterm terminal emulator (X Window System)",
    "op": "\x1b[39;49m",
    "rc": "\x1b8",
    "rev": "\x1b[7m",
    "rmcup": "\x1b[?1049l\x1b[23;0;0t",
    "rmso": "\x1b[27m",
    "rmul": "\x1b[24m",
    "sc": "\x1b7",
    "setab": "\x1b[4{0}m",
    "setaf": "\x1b[3{0}m",
    "sgr0": "\x1b(B\x1b[m",
    "sitm": "\x1b[3m",
    "smcup": "\x1b[?1049h\x1b[22;0;0t",
    "smso": "\x1b[7m",
    "smul": "\x1b[4m",
    "vpa": "\x1b[{0+1}d",
}
"""What an xterm is told (terminfo(5)); {0} stands for the first parameter, {0+1} for one more."""


@command("tput")
def tput(call: Call) -> int:
    options, operands = call.options("ST:Vx")
    kind = options.get("T") or call.process.env.get("TERM")
    if not kind:
        return call.fail("No value for $TERM and no -T specified", 2)
    if not operands:
        return call.fail("usage: tput [-T TERM] capname [parameters]", 2)
    name, *parameters = operands
    found = terminal_of(call.machine, call.process)
    numbers = {
        "cols": (found.columns if found else 0) or 80,
        "lines": (found.rows if found else 0) or 24,
        "colors": 256 if "256color" in kind else 8,
    }
    if name in numbers:
        call.out(f"{numbers[name]}\n")
    elif name in ("init", "reset"):
        call.out("\x1b[!p\x1b[?3;4l\x1b[4l\x1b>")
    elif name in CAPABILITIES:
        call.out(_filled(CAPABILITIES[name], parameters))
    else:
        return call.fail(f"unknown terminfo capability '{name}'", 4)
    return 0


def _filled(text: str, parameters: list[str]) -> str:
    def value(found: re.Match[str]) -> str:
        place = int(found.group(1))
        number = int(parameters[place]) if place < len(parameters) and parameters[place].isdigit() else 0
        return str(number + bool(found.group(2)))

    return re.sub(r"\{(\d)(\+1)?\}", value, text)
