"""`podhub createsuperuser`: make a user for the admin site; asks for a password."""

from __future__ import annotations

import argparse
import sys

from podhub.cli.database import ready
from podhub.cli.errors import CommandError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--username", help="(asks)")
    parser.add_argument("--email", default="", help="(none)")
    parser.add_argument("--noinput", action="store_true", help="ask nothing: DJANGO_SUPERUSER_PASSWORD holds the password")


def run(arguments: argparse.Namespace) -> int:
    """Make the user; return 1 where that is refused."""
    if not arguments.noinput and not sys.stdin.isatty():
        raise CommandError("error: no terminal to ask at: give --noinput and --username, and set DJANGO_SUPERUSER_PASSWORD")
    ready()
    from django.core.management import CommandError as Refused
    from django.core.management import call_command

    try:
        call_command("createsuperuser", username=arguments.username, email=arguments.email, interactive=not arguments.noinput)
    except Refused as wrong:
        print(f"error: {wrong}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 1
    return 0
