"""What is assumed of programs that nobody knows, or knows no more of than that they serve."""

from __future__ import annotations

from lifecycle.clock import MILLISECOND
from lifecycle.programs.commands.call import Call, command, handler
from lifecycle.programs.commands.serving import serve, stops
from lifecycle.programs.images import catalogue
from lifecycle.programs.images.entries import SERVER_PROGRAMS


@command("assumed")
def assumed(call: Call) -> int | None:
    """Be the program of an image that nobody listed."""
    spec = call.machine.state.spec
    if spec.init:
        call.assume(
            "image",
            f"The image {spec.image} is not known: as an init container it is assumed to do its work "
            "at once and to exit with 0.",
        )
        return 0
    ports = ", ".join(map(str, spec.ports)) or "none"
    call.assume(
        "image",
        f"The image {spec.image} is not known: it is assumed to be a server that listens on the declared "
        f"ports ({ports}), answers every HTTP request with 200, and exits with 0 on SIGTERM.",
    )
    return serve(call, list(spec.ports), "default")


@handler("assumed")
def assumed_signal(call: Call, signal: str) -> bool:
    return signal in ("SIGTERM", "SIGINT", "SIGQUIT") and stops(call)


@command("unknown-exec")
def unknown_exec(call: Call) -> int:
    spec = call.machine.state.spec
    call.assume(
        "command",
        f"The image {spec.image} is not known: the command {call.process.argv[0]} in it is assumed to exit "
        "with 0 and to put out nothing.",
    )
    return 0


def _generic(call: Call) -> int | None:
    """Be a well-known server of which no more is modelled than that it serves."""
    spec = call.machine.state.spec
    name = call.process.program.partition(":")[2]
    if call.args[:1] and call.args[0] in ("--version", "-v", "-V", "--help", "-h"):
        call.assume("command", f"{name} is modelled as a server only: {name} {call.args[0]} is assumed to exit with 0.")
        return 0
    call.assume(
        "command",
        f"{name} is not modelled in detail: it is assumed to listen on the declared ports, to answer, "
        "and to exit with 0 on SIGTERM.",
    )
    ports = list(spec.ports) or list(catalogue.config(spec.image).ports)
    return serve(call, ports, "default", after=200 * MILLISECOND)


def _generic_signal(call: Call, signal: str) -> bool:
    return signal in ("SIGTERM", "SIGINT", "SIGQUIT") and "starting" in call.data and stops(call)


def _register_generic() -> None:
    for name in (*SERVER_PROGRAMS, "fluent-bit"):
        command(f"server:{name}")(_generic)
        handler(f"server:{name}")(_generic_signal)


_register_generic()
