"""What commands are asked and have told: a Pod that prints and fails, and the command line in this process."""

from __future__ import annotations

from pathlib import Path

import pytest

from podhub.cli import main

WEB = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: c
    image: busybox
    command: [sh, -c, "echo one; echo two; echo three >&2; sleep 5; echo last; exit 1"]
"""


class Told:
    """What a command printed and returned."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *words: str) -> tuple[int, str, str]:
        status = main(words)
        out, err = self.capsys.readouterr()
        return status, out, err


def write(tmp_path: Path, text: str | bytes) -> str:
    path = tmp_path / "pod.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)
