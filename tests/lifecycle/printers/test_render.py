"""What kubectl 1.36 printed for 122 Pods of every shape, at the moment when it did."""

import json
from pathlib import Path
from typing import Any

import pytest

from lifecycle.clock import parse_rfc3339
from lifecycle.printers.pod import describe_pod
from lifecycle.printers.tables import table, table_text

DATA = Path(__file__).parents[2] / "data" / "render" / "pods.jsonl"
CASES = [json.loads(line) for line in DATA.read_text().splitlines()]


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_a_pod_reads_as_kubectl_printed_it(case: dict[str, Any]) -> None:
    now = parse_rfc3339(case["now"])
    rows = table("pods", [case["pod"]], now)
    assert describe_pod(case["pod"], case["events"], now) == case["describe"]
    assert table_text(rows, wide=True) == case["wide"]
    assert table_text(rows, show_labels=True) == case["labels"]
