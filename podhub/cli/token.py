"""`podhub token`: make a bearer token with which a user's kubectl comes in, and print it once."""

from __future__ import annotations

import argparse

from podhub.cli.database import ready
from podhub.cli.errors import CommandError
from podhub.cli.log_source import told


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("username", metavar="USER", help="whose it is")
    parser.add_argument("--name", default="kubectl", help="what it is for (kubectl)")
    parser.add_argument("--cluster", metavar="NAME", help="the only cluster that it is good for (all)")
    parser.add_argument("--edit", action="store_true", help="it may change things, not only look at them")


def run(arguments: argparse.Namespace) -> int:
    """Print the token; return 1 where there is no such user or cluster."""
    ready()
    with told():
        print(_made(arguments))
    return 0


def _made(arguments: argparse.Namespace) -> str:
    from django.contrib.auth import get_user_model

    from podhub.access.models import Token
    from podhub.log import clusters

    user = get_user_model().objects.filter(username=arguments.username).first()
    if user is None:
        raise CommandError(
            f"error: there is no user {arguments.username!r}: make one at /admin/ or with podhub createsuperuser"
        )
    cluster = clusters.named(arguments.cluster) if arguments.cluster else None
    return Token.make(user, arguments.name, cluster=cluster, may_edit=arguments.edit)[1]
