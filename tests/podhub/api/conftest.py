"""A server as people start it, on a folder of its own, and clusters in it."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
import yaml

from tests.podhub.api.typist import Typist
from tests.podhub_up import Server

_numbers = itertools.count(1)


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

    def lines(self, *arguments: str, moment: str = "") -> Generator[str, None, None]:
        """Run kubectl and yield what it prints, a line each, as it comes; to close this ends it."""
        program, environment = self._program(moment)
        with subprocess.Popen([program, *arguments], env=environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            try:
                yield from process.stdout
            finally:
                process.terminate()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that need one."""
    server = Server(tmp_path_factory.mktemp("podhub"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def cluster(server: Server, tmp_path: Path) -> Reached:
    """A new cluster whose clock goes ten times as fast."""
    name = f"test-{next(_numbers)}"
    server.make(name, "10x")
    return Reached(server, name, tmp_path)
