"""A walk with stock kubectl through what people do with Pods, beside what it printed on a real Kubernetes 1.36.

`steps.jsonl` holds the commands in their order, what they printed there and how that is compared; ages, ids, addresses, hashes
and times are masked on both sides. The files beside it are what the commands apply, and the images that the real node had.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import yaml

from lifecycle.clock import SECOND, rfc3339
from tests.podhub.api.conftest import Reached
from tests.podhub_up import Server

DATA = Path(__file__).parents[2] / "data" / "walk"
STEPS = [json.loads(line) for line in (DATA / "steps.jsonl").read_text().splitlines()]
CLIENT = "v1.32"
"""The kubectl that printed it; what it prints itself differs from one to the next."""

AHEAD = 1800
"""How many seconds behind the machine's clock the cluster's begins, which goes faster: kubectl counts ages by its own."""

Printed = dict[str, Any]

MASKS = (
    (r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<uid>"),
    (r"(?:sha256:)?\b[0-9a-f]{64}\b", "<hash>"),
    (r"\b(?:\d{1,3}\.){3}\d{1,3}\b", "<ip>"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", "<time>"),
    (r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}", "<date>"),
    (r"kube-api-access-[a-z0-9]{5}", "kube-api-access-<x>"),
    (r"\b(?:\d+d)?(?:\d+h)?(?:\d+m)?\d+(?:\.\d+)?m?s\b(?! grace)|\b\d+[mhd]\b", "<dur>"),
    (r"Image size: \d+ bytes", "Image size: <n> bytes"),
    (r'resourceVersion: "\d+"', 'resourceVersion: "<n>"'),
    (r"\(x\d+ over", "(x<n> over"),
)
SPACES = ((r"[ \t]+\n", "\n"), (r"[ \t]{2,}", "  "), (r"-{4,}", "----"))
NOISE = re.compile(r"WARNING: version difference|Defaulted container")


def masked(text: str, folder: Path, spaces: bool) -> str:
    text = text.replace(f"{folder}/", "").replace("podhub://", "<runtime>://").replace("containerd://", "<runtime>://")
    for pattern, word in (*MASKS, *(() if spaces else SPACES)):
        text = re.sub(pattern, word, text)
    return "\n".join(line.rstrip() for line in text.splitlines() if not NOISE.search(line))


def fields(value: Any, path: str = "") -> list[str]:
    """Return every value of a YAML document with its path."""
    if isinstance(value, dict):
        return [line for name in sorted(value) for line in fields(value[name], f"{path}.{name}")]
    if isinstance(value, list):
        return [line for place, item in enumerate(value) for line in fields(item, f"{path}[{place}]")]
    return [f"{path}: {value}"]


def compared(how: str, printed: Printed) -> list[str]:
    """Return what of a step has to be as it was."""
    if how == "exit":
        return [str(printed["exit"])]
    lines = [*printed["out"].splitlines(), *printed["err"].splitlines()]
    if how == "yaml":
        lines = fields(yaml.safe_load(printed["out"]))
    return [str(printed["exit"]), *(sorted(set(lines)) if how == "sorted" else lines)]


def run(step: Printed, environment: dict[str, str], folder: Path) -> Printed:
    done = subprocess.run(
        ["bash", "-c", f"$K {step['command']}"],
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
    )
    spaces = step["compare"] == "yaml"
    return {"exit": done.returncode, "out": masked(done.stdout, folder, spaces), "err": masked(done.stderr, folder, False)}


def test_every_step_prints_what_a_real_cluster_printed(server: Server, tmp_path: Path) -> None:
    start = rfc3339((int(time.time()) - AHEAD) * SECOND)
    server.run("cluster", "create", "walk", "--speed", "3x", "--start", start, "--images", str(DATA / "images.yaml"))
    shutil.copytree(DATA, tmp_path, dirs_exist_ok=True)
    cluster = Reached(server, "walk", tmp_path)
    version = json.loads(cluster.kubectl("version", "--client", "-o", "json").stdout)["clientVersion"]["gitVersion"]
    assert version.startswith(f"{CLIENT}."), f"the walk was recorded with kubectl {CLIENT}"
    cluster.kubectl("create", "namespace", "walk")
    environment = os.environ | {"KUBECONFIG": cluster.kubeconfig(), "HOME": str(tmp_path), "K": "kubectl -n walk"}
    differing = {}
    for step in STEPS:
        now = compared(step["compare"], run(step, environment, tmp_path))
        then = compared(step["compare"], step)
        if now != then:
            differing[step["step"]] = list(difflib.unified_diff(then, now, "real", "podhub", lineterm="", n=0))
    assert not differing, "\n".join(f"{name}: {line}" for name, lines in differing.items() for line in lines)
