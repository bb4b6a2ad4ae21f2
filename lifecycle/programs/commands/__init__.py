"""What programs do, one file for each family. Importing this package registers them all."""

from lifecycle.programs.commands import (
    agnhost,
    awk,
    basic,
    behavior,
    files,
    memory,
    network,
    nginx,
    processes,
    sed,
    servers,
    system,
    text,
    times,
)
from lifecycle.programs.commands.call import COMMANDS, HANDLERS, Call, UsageError

__all__ = [
    "COMMANDS",
    "HANDLERS",
    "Call",
    "UsageError",
    "agnhost",
    "awk",
    "basic",
    "behavior",
    "files",
    "memory",
    "network",
    "nginx",
    "processes",
    "sed",
    "servers",
    "system",
    "text",
    "times",
]
