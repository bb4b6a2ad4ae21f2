"""The entry point that many official images have: a script that runs what it is given."""

from __future__ import annotations

from lifecycle.programs import executing
from lifecycle.programs.commands.call import Call, command
from lifecycle.programs.executing import ExecError
from lifecycle.programs.files import FileError
from lifecycle.programs.images import catalogue


@command("entrypoint")
def entrypoint(call: Call) -> int | None:
    """Be the docker-entrypoint.sh of official images: run what is given, or the image's program with the options given."""
    args = list(call.args)
    if not args or args[0].startswith("-") or (_falls_back(call) and not _is_command(call, args[0])):
        args = [*catalogue.config(call.machine.state.spec.image).cmd[:1], *args]
    return become(call, args)


def become(call: Call, args: list[str]) -> int | None:
    """Do what `exec "$@"` does at the end of such a script."""
    try:
        executing.execute(call.machine, call.process, args, call.process.env)
    except ExecError as error:
        text = FileError(error.code).text if error.code != "ENOENT" else "not found"
        call.err(f"{call.process.argv[0]}: exec: {args[0]}: {text}\n")
        return error.status
    call.machine.queue.append(call.process.pid)
    return None


def _falls_back(call: Call) -> bool:
    """Say whether the image's entry point takes what is no command for arguments of its own program."""
    return call.machine.state.image.partition("@")[0] in ("bash", "curl", "curlimages/curl", "node")


def _is_command(call: Call, name: str) -> bool:
    path = executing.which(call.machine, call.process, name, call.process.env)
    node = call.view.get(call.path(path)) if path else None
    return node is not None and node.kind == "f" and bool(node.mode & 0o111)
