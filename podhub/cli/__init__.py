"""`podhub`: the one entry point. A command is a module here with `add_arguments(parser)` and `run(arguments) -> int`.

What it raises as a CommandError is printed, and the exit status is 1.

Modules are imported only when their command is asked for: `podhub run` and `podhub get -f` never import Django.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Protocol, cast

from podhub import __version__
from podhub.cli.errors import CommandError


class Command(Protocol):
    """What a module of this package offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, arguments: argparse.Namespace) -> int: ...


COMMANDS = {
    "up": "start everything in one process and print the URL",
    "run": "play Pods without a server",
    "apply": "create or change objects in a cluster",
    "delete": "delete an object from a cluster",
    "get": "print objects as kubectl get does",
    "describe": "print an object as kubectl describe does",
    "logs": "print a container's output",
    "events": "print Events as kubectl events does",
    "import": "bring a recording of a real cluster into a cluster of its own",
    "export": "write a cluster's log as a recording",
    "cluster": "create, list or drop clusters; set a clock's speed, or have time go on",
    "verify": "check that no log has a gap or was altered, and that a second run gives the same bytes",
    "record": "follow a real cluster and write down what it does",
    "kubeconfig": "print a kubeconfig for stock kubectl",
    "token": "make a bearer token for the API",
    "createsuperuser": "make a user for the admin site",
}


NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


class CommandParser(argparse.ArgumentParser):
    """Takes words and options in any order, as kubectl does: `podhub describe pod -n shop web`."""

    _mixing = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        if self._mixing or self._subparsers:
            return super().parse_known_args(args, namespace)
        self._mixing = True
        try:
            found, unknown = self.parse_known_intermixed_args(args, namespace)
        finally:
            self._mixing = False
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status: 130 after Ctrl-C, 1 where nobody reads on or there is no room for more."""
    try:
        status = _run(argv)
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        _leave_output()
    except OSError as wrong:
        if wrong.errno not in NO_ROOM:
            raise
        _leave_output()
        print(f"error: the output cannot be written: {wrong.strerror}", file=sys.stderr)
    return 1


def _leave_output() -> None:
    """Let what Python would still write at its end go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(argv: Sequence[str] | None) -> int:
    argv = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog="podhub", description="A flight simulator and a flight recorder for Kubernetes Pods.")
    parser.add_argument("--version", action="version", version=f"podhub {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=CommandParser)
    asked = next((word for word in argv if not word.startswith("-")), "")
    for name, text in COMMANDS.items():
        sub = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        if name == asked:
            command = cast(Command, import_module(f"podhub.cli.{name}_" if name == "import" else f"podhub.cli.{name}"))
            command.add_arguments(sub)
            sub.set_defaults(run=command.run)
    arguments = parser.parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except CommandError as wrong:
        print(wrong, file=sys.stderr)
        return 1
