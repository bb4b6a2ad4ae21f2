"""PodHub's processes, as a test starts and kills them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

BIN = Path(sys.executable).parent


class House:
    """One installation of PodHub: its environment, and the processes that were started in it."""

    def __init__(self, data: Path, **environment: str) -> None:
        self.environment = {**os.environ, "PODHUB_DATA": str(data), "LOG_LEVEL": "WARNING", **environment}
        self.log = (data / "log.txt").open("ab")
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start a program of the virtual environment in the background, in a process group of its own."""
        process = subprocess.Popen(
            [str(BIN / command[0]), *command[1:]],
            cwd=ROOT,
            env=self.environment,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def podhub(self, *arguments: str) -> str:
        """Run a command to its end; return what it printed. Fails where its exit status is not 0."""
        done = subprocess.run(
            [str(BIN / "podhub"), *arguments], cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, f"podhub {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def close(self) -> None:
        for process in self.processes:
            kill(process)
        self.log.close()


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a process and those it started, as SIGKILL does: nothing of them is told, nothing is finished."""
    if process.poll() is None:
        os.killpg(process.pid, 9)
        process.wait()


def wait_until(true: Callable[[], bool], seconds: float = 30, what: str = "") -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, f"not within {seconds:g} s: {what}"
        time.sleep(0.1)
