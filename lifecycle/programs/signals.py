"""Linux's signals: numbers, names, and what they do by default."""

from __future__ import annotations

from lifecycle.programs.lists import names

_NAMES = names(
    "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU "
    "XFSZ VTALRM PROF WINCH IO PWR SYS"
)

NUMBERS = {f"SIG{name}": number for number, name in enumerate(_NAMES, 1)}
BY_NUMBER = {number: name for name, number in NUMBERS.items()}
HARMLESS = {"SIGCHLD", "SIGCONT", "SIGURG", "SIGWINCH", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU"}
STOPPING = {"SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU"}
FATAL_BY_DEFAULT = set(NUMBERS) - HARMLESS

DESCRIPTIONS = {
    "SIGHUP": "Hangup",
    "SIGQUIT": "Quit",
    "SIGILL": "Illegal instruction",
    "SIGABRT": "Aborted",
    "SIGFPE": "Floating point exception",
    "SIGKILL": "Killed",
    "SIGUSR1": "User defined signal 1",
    "SIGSEGV": "Segmentation fault",
    "SIGUSR2": "User defined signal 2",
    "SIGALRM": "Alarm clock",
    "SIGTERM": "Terminated",
}


def named(text: str) -> str | None:
    """Return the signal that a text such as `15`, `TERM` or `SIGTERM` means; `EXIT` for 0; None where there is no such one."""
    if text.isdigit():
        return "EXIT" if int(text) == 0 else BY_NUMBER.get(int(text))
    upper = text.upper()
    if upper == "EXIT":
        return "EXIT"
    name = upper if upper.startswith("SIG") else "SIG" + upper
    return name if name in NUMBERS else None
