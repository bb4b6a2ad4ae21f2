"""Commands about time: sleep, date, timeout, time, watch."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone
from functools import lru_cache

from lifecycle.clock import SECOND, as_datetime, parse_rfc3339, rfc3339
from lifecycle.programs import executing
from lifecycle.programs.commands.call import Call, UsageError, command, handler
from lifecycle.programs.commands.children import run_each, start_child
from lifecycle.programs.executing import ExecError
from lifecycle.programs.files import FileError
from lifecycle.programs.machine import OVERSLEPT
from lifecycle.programs.signals import NUMBERS, named

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
FOREVER = 100 * 365 * 86400.0


def seconds(text: str) -> float | None:
    """Return what a duration such as `1.5m` or `infinity` means, in seconds (for ever at most); None where it is none."""
    if text.lower() in ("inf", "infinity"):
        return FOREVER
    match = re.fullmatch(r"(\d+\.?\d*|\.\d+)([smhd]?)", text)
    return min(float(match.group(1)) * _UNITS[match.group(2)], FOREVER) if match else None


@command("sleep")
def sleep(call: Call) -> int | None:
    until = call.data.get("until")
    if until is None:
        total = 0.0
        if not call.args:
            raise UsageError("missing operand")
        for arg in call.args:
            span = seconds(arg)
            if span is None:
                advice = "" if call.busybox else "\nTry 'sleep --help' for more information."
                if arg.startswith("-") and not call.busybox:
                    raise UsageError(f"invalid option -- '{arg[1:2]}'")
                return call.fail(f"invalid number '{arg}'" if call.busybox else f"invalid time interval '{arg}'{advice}")
            total = min(total + span, FOREVER)
        if total >= FOREVER:
            call.forever()
            return None
        until = call.data["until"] = call.now + round(total * SECOND) + OVERSLEPT
    if call.now >= until:
        return 0
    call.machine.sleep_until(call.process, until)
    return None


def zone(env: dict[str, str]) -> timezone:
    """Return what TZ means. Names of places stand for their offset without summer time."""
    return _zone(env.get("TZ", ""))


@lru_cache(256)
def _zone(name: str) -> timezone:
    match = re.fullmatch(r"<?[A-Za-z]+>?([-+]?\d{1,2})(?::(\d\d))?.*", name)
    if match:
        hours = -int(match.group(1))
        return timezone(timedelta(hours=hours))
    offset = _PLACES.get(name)
    return timezone(timedelta(hours=offset)) if offset is not None else UTC


_PLACES: dict[str, float] = {
    "Asia/Shanghai": 8,
    "Asia/Chongqing": 8,
    "Asia/Hong_Kong": 8,
    "Asia/Taipei": 8,
    "Asia/Singapore": 8,
    "Asia/Tokyo": 9,
    "Asia/Seoul": 9,
    "Asia/Kolkata": 5.5,
    "Asia/Dubai": 4,
    "Europe/Moscow": 3,
    "Europe/Berlin": 1,
    "Europe/Paris": 1,
    "Europe/Zurich": 1,
    "Europe/London": 0,
    "America/New_York": -5,
    "America/Chicago": -6,
    "America/Los_Angeles": -8,
    "America/Sao_Paulo": -3,
    "Australia/Sydney": 10,
}


@command("date")
def date(call: Call) -> int:
    options, operands = (
        call.options("ud:r:D:s:R", {"utc": "u", "date": "d", "reference": "r", "set": "s", "rfc-email": "R"})
        if not _iso(call)
        else ({}, [])
    )
    at, status = call.now, 0
    if "d" in options:
        moment = _moment(options["d"], at)
        if moment is None:
            return call.fail(f"invalid date '{options['d']}'")
        at = moment
    elif "r" in options:
        try:
            at = call.find(options["r"]).mtime
        except FileError as error:
            return call.fail(f"{options['r']}: {error.text}")
    else:
        call.moves()
    if "s" in options:
        moment = _moment(options["s"], at)
        if moment is None:
            return call.fail(f"invalid date '{options['s']}'")
        at = moment
        if not call.may("SYS_TIME"):
            call.fail("can't set date: Operation not permitted" if call.busybox else "cannot set date: Operation not permitted")
            status = 1
        else:
            call.assume(
                "command", "The clock of the node, which date is allowed to set, is not modelled: it goes on as it was."
            )
    place = UTC if "u" in options else zone(call.process.env)
    form = (
        operands[0][1:]
        if operands and operands[0].startswith("+")
        else _iso(call) or ("%a, %d %b %Y %H:%M:%S %z" if "R" in options else "%a %b %e %H:%M:%S %Z %Y")
    )
    call.out(strftime(form, at, place) + "\n")
    return status


def _iso(call: Call) -> str:
    for arg in call.args:
        if arg.startswith(("-I", "--iso-8601")):
            return (
                "%Y-%m-%d"
                if arg.lstrip("-").partition("=")[2] in ("", "date") and arg in ("-I", "--iso-8601")
                else "%Y-%m-%dT%H:%M:%S+00:00"
            )
    return ""


_COMPOUND = {
    "D": "%m/%d/%y",
    "F": "%Y-%m-%d",
    "T": "%H:%M:%S",
    "R": "%H:%M",
    "c": "%a %b %e %H:%M:%S %Y",
    "x": "%m/%d/%y",
    "X": "%H:%M:%S",
    "r": "%I:%M:%S %p",
}


def strftime(form: str, at: int, place: timezone) -> str:
    """Return a moment as `date` writes it."""
    return _strftime(form, at if "N" in form else at - at % SECOND, place)


@lru_cache(256)
def _strftime(form: str, at: int, place: timezone) -> str:
    moment = as_datetime(at).astimezone(place)

    def one(match: re.Match[str]) -> str:
        letter = match.group(2)
        match letter:
            case "s":
                return str(at // SECOND)
            case "N":
                digits = match.group(1)
                text = f"{at % SECOND * 1000:09d}"
                return text[: int(digits)] if digits.isdigit() else text
            case "e":
                return f"{moment.day:2d}"
            case "Z":
                return "UTC" if not moment.utcoffset() else moment.strftime("%z")[:3]
            case "n" | "t" | "%":
                return {"n": "\n", "t": "\t", "%": "%"}[letter]
            case "P":
                return moment.strftime("%p").lower()
            case "k":
                return f"{moment.hour:2d}"
            case "l":
                return f"{moment.hour % 12 or 12:2d}"
        text = moment.strftime("%" + letter) if letter in "aAbBdHIjmMpSuUVwWyYzGgCh" else match.group()
        return text.lstrip("0") or "0" if match.group(1) == "-" else text

    plain = re.sub("%%|%([DFTRcxXr])", lambda match: _COMPOUND[match.group(1)] if match.group(1) else "%%", form)
    return re.sub(r"%([-\d]*)(\w|%)", one, plain)


def _moment(text: str, now: int) -> int | None:
    """Return the moment that `date -d` names, in the forms people use in scripts."""
    text = text.strip()
    if text in ("now", ""):
        return now
    if match := re.fullmatch(r"@(\d+)", text):
        return int(match.group(1)) * SECOND
    if match := re.fullmatch(r"(now)?\s*([-+]?)\s*(\d+)\s*(sec|second|min|minute|hour|day|week)s?\s*(ago)?", text):
        _, sign, count, unit, ago = match.groups()
        span = int(count) * {"sec": 1, "second": 1, "min": 60, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}[unit]
        return now + (-span if ago or sign == "-" else span) * SECOND
    if text in ("yesterday", "tomorrow"):
        return now + (86400 if text == "tomorrow" else -86400) * SECOND
    if re.fullmatch(r"\d\d:\d\d(:\d\d)?", text):
        text = f"{rfc3339(now)[:10]} {text}"
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?))?(Z|[-+]\d\d:\d\d)?", text)
    if not match:
        return None
    day, clock, offset = match.groups()
    clock = (clock or "00:00:00") + (":00" if clock and len(clock) == 5 else "")
    try:
        return parse_rfc3339(f"{day}T{clock}{offset or 'Z'}")
    except ValueError:
        return None


# ── timeout and time ─────────────────────────────────────────────────────────────────────────────────────────────────


@command("timeout")
def timeout(call: Call) -> int | None:
    if "child" not in call.data:
        return _start_timeout(call)
    if "code" in call.data:
        return _timed_out(call)
    child = call.machine.state.processes.get(call.data["child"])
    if child is not None and call.now >= call.data["until"]:
        fired = call.data.get("fired")
        call.data["fired"] = True
        call.machine.signal(child, "SIGKILL" if fired else call.data["signal"])
        if "code" in call.data:
            return timeout(call)
        kill_after = call.data.get("kill_after")
        if kill_after is not None and not fired:
            call.data["until"] = call.now + kill_after
            call.sleep(kill_after)
            return None
        call.process.waiting = "children"
        return None
    call.machine.sleep_until(call.process, call.data["until"])
    return None


def _timed_out(call: Call) -> int | None:
    """Give the child's status, or what stands for its end: 124; busybox's ends by the signal itself."""
    if not call.data.get("fired"):
        return int(call.data["code"])
    if not call.busybox:
        return 137 if call.data["code"] == 137 else 124
    call.machine.end(call.process, int(call.data["code"]), call.data["signal"])
    return None


def _start_timeout(call: Call) -> int | None:
    args, signal, kill_after = list(call.args), "SIGTERM", None
    while args and args[0].startswith("-"):
        arg = args.pop(0)
        if arg in ("-s", "--signal", "-k", "--kill-after", "-t") and args:
            value = args.pop(0)
        elif arg.startswith(("--signal=", "--kill-after=")):
            arg, _, value = arg.partition("=")
        elif arg in ("--preserve-status", "--foreground", "-v"):
            continue
        else:
            arg, value = arg[:2], arg[2:]
        if arg in ("-s", "--signal"):
            signal = named(value) or ""
            if not signal:
                raise UsageError(f"{value}: invalid signal", 125)
        elif arg in ("-k", "--kill-after"):
            kill_after = seconds(value)
        elif arg == "-t":
            args.insert(0, value)
    if len(args) < 2:
        raise UsageError(
            "missing operand" if not call.busybox else "usage: timeout [-s SIG] SECS PROG ARGS", 125 if not call.busybox else 1
        )
    span = seconds(args[0])
    if span is None:
        return call.fail(
            f"invalid time interval '{args[0]}'" if not call.busybox else f"invalid number '{args[0]}'",
            125 if not call.busybox else 1,
        )
    call.data["signal"] = signal
    if kill_after is not None:
        call.data["kill_after"] = round(kill_after * SECOND)
    started = start_child(call, args[1:])
    if isinstance(started, int):
        return started
    call.data["until"] = call.now + round(span * SECOND) if span else call.now + round(FOREVER * SECOND)
    call.machine.sleep_until(call.process, call.data["until"])
    return None


@handler("timeout")
def timeout_signal(call: Call, signal: str) -> bool:
    if signal not in ("SIGTERM", "SIGINT", "SIGHUP") or "child" not in call.data:
        return False
    child = call.machine.state.processes.get(call.data["child"])
    if child is not None:
        call.machine.signal(child, signal)
    return True


@command("time", "nice", "nohup", "setsid", "ionice", "stdbuf", "chroot", "su-exec", "gosu", "tini", "dumb-init", "docker-init")
def wrapper(call: Call) -> int | None:
    """Run another program as a child (time) or in its place (the others)."""
    args = list(call.args)
    while args and args[0].startswith("-") and args[0] != "--":
        flag = args.pop(0)
        if (
            flag in ("-n", "-c", "-p", "-o", "-e", "-i", "-s", "-r")
            and call.name in ("nice", "ionice", "stdbuf", "tini")
            and args
        ):
            args.pop(0)
    if args[:1] == ["--"]:
        args = args[1:]
    if call.name in ("su-exec", "gosu", "chroot"):
        args = args[1:]
    if "code" in call.data:
        return _timed(call)
    if not args:
        return call.fail("missing operand", 125)
    if call.name in ("time", "tini", "dumb-init", "docker-init"):
        call.data["start"] = call.now
        started = start_child(call, args)
        if isinstance(started, int):
            return started
        call.process.waiting = "children"
        return None
    try:
        executing.execute(call.machine, call.process, args, call.process.env)
    except ExecError as error:
        text = FileError(error.code).text if error.code in FileError.TEXTS else "Exec format error"
        return call.fail(
            f"can't execute '{args[0]}': {text}" if call.busybox else f"failed to run command '{args[0]}': {text}", error.status
        )
    if call.name == "nohup":
        call.process.ignored |= {"SIGHUP"}
    call.machine.queue.append(call.process.pid)
    return None


def _timed(call: Call) -> int:
    if call.name == "time":
        minutes, rest = divmod(call.now - call.data["start"], 60 * SECOND)
        call.err(f"real\t{minutes}m {rest / SECOND:.2f}s\nuser\t0m 0.00s\nsys\t0m 0.00s\n")
    return int(call.data["code"])


@handler("tini", "dumb-init", "docker-init", "time")
def forward(call: Call, signal: str) -> bool:
    """Hand a signal on to the child, as an init does."""
    child = call.machine.state.processes.get(call.data.get("child", 0))
    if child is None or call.name == "time" or signal not in NUMBERS:
        return False
    call.machine.signal(child, signal)
    return True


@command("watch")
def watch(call: Call) -> int | None:
    args = list(call.args)
    span = 2.0
    while args and args[0].startswith("-"):
        arg = args.pop(0)
        if arg.startswith("-n"):
            span = float(arg[2:] or (args.pop(0) if args else "2"))
    if not args:
        return call.fail("no command", 1)
    if not call.data.pop("resting", False):
        if run_each(call, [["sh", "-c", " ".join(args)]]) is None:
            return None
        call.data.clear()
        call.data["resting"] = True
        call.sleep(max(round(span * SECOND), SECOND // 10))
        return None
    return watch(call)
