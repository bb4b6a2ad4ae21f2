"""Asking for names: dig, host, getent."""

from __future__ import annotations

from lifecycle.clock import MILLISECOND, SECOND, Micros
from lifecycle.programs.commands.call import Call, command
from lifecycle.programs.exchange import SERVICES, Reached

DNS_TIME: Micros = 2 * MILLISECOND
CONNECT_TIME: Micros = 130 * SECOND
"""How long Linux tries to connect where nobody answers."""


NAMES = Reached("noname", steady=True, looked=(SERVICES,))
"""What an answer depends on that is about names alone."""

# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@command("dig", "host", "getent")
def dig(call: Call) -> int | None:
    call.looks(NAMES)
    names = [arg for arg in call.args if not arg.startswith(("-", "+", "@"))]
    if call.name == "getent":
        names = names[1:]
    if not names:
        return 1
    found = call.machine.room.resolve(call.machine.sandbox, names[0])
    if call.name == "host":
        call.out(f"{names[0]} has address {found[0]}\n" if found else f"Host {names[0]} not found: 3(NXDOMAIN)\n")
    elif call.name == "getent":
        call.out(f"{found[0]:<15} {names[0]}\n" if found else "")
        return 0 if found else 2
    elif "+short" in call.args:
        call.out("".join(address + "\n" for address in found or []))
        return 0
    else:
        section = "".join(f"{names[0]}.\t\t30\tIN\tA\t{address}\n" for address in found or [])
        call.out(
            f";; ->>HEADER<<- opcode: QUERY, status: {'NOERROR' if found else 'NXDOMAIN'}\n\n;; ANSWER SECTION:\n{section}\n"
        )
        return 0
    return 0 if found else 1
