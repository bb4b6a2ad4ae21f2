"""Run the benchmarks named on the command line, or all; exit status 1 if a figure misses its target."""

from __future__ import annotations

import sys
from importlib import import_module

BENCHMARKS = ("engine", "command_line", "driver", "api", "server")


def main() -> int:
    asked = sys.argv[1:] or BENCHMARKS
    unknown = [name for name in asked if name not in BENCHMARKS]
    if unknown:
        print(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    held = True
    for name in asked:
        for figure in import_module(f"tests.bench.{name}").figures():
            print(figure, flush=True)
            held &= figure.holds
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
