"""A server as people start it, on a folder of its own, and clusters in it."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.podhub.api.typist import Typist
from tests.servers import free_port

ROOT = Path(__file__).parents[3]
PODHUB = str(Path(sys.executable).with_name("podhub"))

_numbers = itertools.count(1)


class Server:
    """`podhub up` on a scratch folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        self.environment = kept | {"PODHUB_DATA": str(folder)}

    def podhub(self, *arguments: str) -> str:
        """Run one command of `podhub` on the server's folder and return what it prints."""
        done = subprocess.run([PODHUB, *arguments], env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def make(self, name: str) -> None:
        """Make a cluster whose clock goes ten times as fast, with the dashboard's form: a process of its own takes longer."""
        guard = {"X-CSRFToken": "x" * 32, "Cookie": f"csrftoken={'x' * 32}"}
        form = urllib.parse.urlencode({"name": name, "speed": "10x", "seed": 0}).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/new/", form, guard), timeout=60) as answer:
            assert answer.url == f"{self.url}/c/{name}/"

    def start(self) -> subprocess.Popen[bytes]:
        log = (self.folder / "up.log").open("ab")
        command = [PODHUB, "up", "--port", str(self.port)]
        process = subprocess.Popen(command, env=self.environment, cwd=ROOT, stdout=log, stderr=log)
        until = time.monotonic() + 60
        while not self._answers():
            assert process.poll() is None, (self.folder / "up.log").read_text()
            assert time.monotonic() < until, "podhub up does not answer"
            time.sleep(0.05)
        return process

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


class Reached:
    """A cluster as clients reach it: the root of its API, and a kubeconfig for it."""

    def __init__(self, server: Server, name: str, folder: Path) -> None:
        self.server, self.name, self.folder = server, name, folder
        self.root = f"{server.url}/clusters/{name}"

    def kubeconfig(self, moment: str = "") -> str:
        """Write a kubeconfig for the cluster, live or as of a moment, and return its path."""
        user = {"name": "u", "user": {}}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": {"server": f"{self.root}{moment}"}}],
            "users": [user],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u", "namespace": "default"}}],
            "current-context": "c",
        }
        path = self.folder / f"kubeconfig{moment.replace('@', '-').replace('~', '-')}"
        path.write_text(yaml.safe_dump(config))
        return str(path)

    def _program(self, moment: str) -> tuple[str, dict[str, str]]:
        """Return kubectl and the environment in which it finds the cluster."""
        program = shutil.which("kubectl")
        if not program:
            pytest.fail("kubectl is not installed: `make system` installs what the tests need")
        return program, os.environ | {"KUBECONFIG": self.kubeconfig(moment), "HOME": str(self.folder)}

    def typist(self, *arguments: str) -> Typist:
        """Run kubectl under a terminal, and type into it."""
        program, environment = self._program("")
        return Typist([program, *arguments], environment)

    def kubectl(
        self, *arguments: str, moment: str = "", stdin: str = "", code: int | None = 0, timeout: float = 30
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl; its exit code has to be `code` (None: any)."""
        program, environment = self._program(moment)
        done = subprocess.run(
            [program, *arguments], env=environment, input=stdin, capture_output=True, text=True, timeout=timeout
        )
        assert code is None or done.returncode == code, done.stdout + done.stderr
        return done


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that need one."""
    server = Server(tmp_path_factory.mktemp("podhub"))
    process = server.start()
    yield server
    process.terminate()
    process.wait(30)


@pytest.fixture
def cluster(server: Server, tmp_path: Path) -> Reached:
    """A new cluster whose clock goes ten times as fast."""
    name = f"test-{next(_numbers)}"
    server.make(name)
    return Reached(server, name, tmp_path)
