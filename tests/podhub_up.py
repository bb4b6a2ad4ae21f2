"""`podhub up` as people start it, on a scratch folder."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from tests.servers import free_port

ROOT = Path(__file__).parents[1]
PODHUB = str(Path(sys.executable).with_name("podhub"))
PATIENCE = 60
"""Seconds after which something does not happen any more, on a machine that has ten other things to do, too."""


class Server:
    """One server; it may be stopped and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        self.environment = kept | {"PODHUB_DATA": str(folder)}
        self.process: subprocess.Popen[bytes] | None = None

    def run(self, *arguments: str) -> str:
        """Run one command of `podhub` on the server's folder and return what it prints."""
        command = [PODHUB, *arguments]
        done = subprocess.run(command, env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def make(self, name: str, speed: str = "1x") -> None:
        """Make a cluster with the dashboard's form: a process that does it would first take a second to start."""
        guard = {"X-CSRFToken": "x" * 32, "Cookie": f"csrftoken={'x' * 32}"}
        form = urllib.parse.urlencode({"name": name, "speed": speed, "seed": 0}).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/new/", form, guard), timeout=PATIENCE) as answer:
            assert answer.url == f"{self.url}/c/{name}/"

    def start(self) -> subprocess.Popen[bytes]:
        log = (self.folder / "up.log").open("ab")
        command = [PODHUB, "up", "--port", str(self.port)]
        self.process = subprocess.Popen(command, env=self.environment, cwd=ROOT, stdout=log, stderr=log)
        until = time.monotonic() + PATIENCE
        while not self._answers():
            assert self.process.poll() is None, (self.folder / "up.log").read_text()
            assert time.monotonic() < until, "podhub up does not answer"
            time.sleep(0.05)
        return self.process

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(PATIENCE)
            self.process = None
