"""A team's processes hear from each other through Redis."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.processes import ROOT, House, wait_until
from tests.servers import free_port

pytestmark = pytest.mark.alone


@pytest.fixture
def team(tmp_path: Path, postgresql: str, redis_server: str) -> Iterator[House]:
    house = House(
        tmp_path,
        DATABASE_URL=postgresql,
        REDIS_URL=redis_server,
        SECRET_KEY="of a test",
        ALLOWED_HOSTS="podhub.example,localhost",
        DJANGO_SETTINGS_MODULE="podhub.settings",
    )
    house.podhub("cluster", "list")  # makes the tables
    yield house
    house.close()


def test_a_process_that_asks_is_woken_by_the_worker_that_answers(team: House) -> None:
    """Woken, not by looking at the row once a second: the slowest answer takes less than that."""
    team.start("celery", "--app", "podhub", "worker", "--concurrency", "1")
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash.team_client"], cwd=ROOT, env=team.environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    print(told)
    assert told["codes"] == [201]
    assert told["heard"] > 20
    assert told["median"] < 0.5


def test_ports_are_forwarded_between_the_processes_of_a_team(team: House, tmp_path: Path) -> None:
    """The web server holds kubectl's socket, a worker plays the Pod; a token that may only look gets neither port nor page."""
    port, local = free_port(), free_port()
    team.start("celery", "--app", "podhub", "worker", "--concurrency", "1")
    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "certificate.pem")
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", key]
    subprocess.run([*made, "-out", certificate], check=True, capture_output=True)
    secured = ("--ssl-keyfile", key, "--ssl-certfile", certificate)  # kubectl shows its token over HTTPS alone
    team.start("uvicorn", "podhub.asgi:application", "--port", str(port), *secured)
    team.environment["DJANGO_SUPERUSER_PASSWORD"] = "of a test"
    team.podhub("createsuperuser", "--noinput", "--username", "ann")
    server = ("--server", f"https://localhost:{port}/clusters/default", "--insecure-skip-tls-verify")
    edits, looks = (
        ["kubectl", *server, "--kubeconfig", os.devnull, "--token", team.podhub("token", "ann", *more).strip()]
        for more in (["--edit"], [])
    )

    def kubectl(who: list[str], *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*who, *arguments], capture_output=True, text=True, timeout=60)

    wait_until(lambda: kubectl(edits, "get", "nodes", "node1").returncode == 0, 30, "the first moment is played")
    assert kubectl(edits, "run", "web", "--image=nginx").returncode == 0
    assert kubectl(edits, "wait", "--for=condition=Ready", "pod/web", "--timeout=50s").returncode == 0
    refused = kubectl(looks, "port-forward", "pod/web", f"{local}:80")
    assert 'User "ann" cannot create resource "pods/portforward"' in refused.stderr
    path = "/clusters/default/api/v1/namespaces/default/pods/web/proxy/"
    assert "cannot get resource" in kubectl(looks, "get", "--raw", path).stderr
    assert "Welcome to nginx!" in kubectl(edits, "get", "--raw", path).stdout
    with subprocess.Popen([*edits, "port-forward", "pod/web", f"{local}:80"], stdout=subprocess.PIPE) as forwarding:
        try:
            assert forwarding.stdout is not None
            assert forwarding.stdout.readline().startswith(b"Forwarding from ")
            for _ in range(3):
                with urllib.request.urlopen(f"http://127.0.0.1:{local}/", timeout=30) as answer:
                    assert b"Welcome to nginx!" in answer.read()
        finally:
            forwarding.terminate()
