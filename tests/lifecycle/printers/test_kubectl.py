"""What real kubectl printed for objects made to try every branch: all volumes, handlers, sources and states.

`kubectl.jsonl` holds command lines and texts of kubectl 1.33, for what it and 1.36 print alike; ages are to its `now`.
`described.jsonl` holds objects made at random, their Events, what else `describe` looks at, and the text of kubectl 1.36.2.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lifecycle.clock import parse_rfc3339
from lifecycle.printers.describe import describe
from lifecycle.printers.documents import json_text, yaml_text
from lifecycle.printers.events import events_text

DATA = Path(__file__).parents[2] / "data" / "printers"
OBJECTS = json.loads((DATA / "objects.json").read_text())["items"]
PRINTED = [json.loads(line) for line in (DATA / "kubectl.jsonl").read_text().splitlines()]
DESCRIBED = [json.loads(line) for line in (DATA / "described.jsonl").read_text().splitlines()]
FORMS: dict[str, Callable[[dict[str, Any]], str]] = {"json": json_text, "yaml": yaml_text}


def find(resource: str, name: str) -> dict[str, Any]:
    kind = {"endpoints": "endpoints"}.get(resource, resource.removesuffix("s"))
    return next(o for o in OBJECTS if o["metadata"]["name"] == name and o["kind"].lower() == kind)


def events_of(obj: dict[str, Any]) -> list[dict[str, Any]]:
    metadata = obj["metadata"]
    uid = (metadata.get("annotations") or {}).get("kubernetes.io/config.mirror", metadata["uid"])
    events = (o for o in OBJECTS if o["kind"] == "Event")
    return [e for e in events if (e["involvedObject"]["kind"], e["involvedObject"]["uid"]) == (obj["kind"], uid)]


@pytest.mark.parametrize("case", [c for c in PRINTED if c["args"].startswith("describe")], ids=lambda case: case["args"])
def test_an_object_is_described_as_kubectl_does(case: dict[str, Any]) -> None:
    _, resource, name = case["args"].split()
    obj = find(resource, name)
    assert describe(obj, events_of(obj), parse_rfc3339(case["now"]), {}) == case["text"]


@pytest.mark.parametrize("case", DESCRIBED, ids=lambda case: f"{case['object']['kind']}-{case['object']['metadata']['name']}")
def test_an_object_made_at_random_is_described_as_kubectl_does(case: dict[str, Any]) -> None:
    now = parse_rfc3339("2027-01-15T08:00:00Z")
    assert describe(case["object"], case["events"], now, case["related"]) == case["text"]


@pytest.mark.parametrize("case", [c for c in PRINTED if c["args"].startswith("get")], ids=lambda case: case["args"])
def test_a_whole_object_is_written_as_kubectl_does(case: dict[str, Any]) -> None:
    _, resource, name, _, form = case["args"].split()
    assert FORMS[form](find(resource, name)) == case["text"]


def test_kubectl_events_lists_the_oldest_first() -> None:
    case = next(case for case in PRINTED if case["args"] == "events")
    events = [o for o in OBJECTS if o["kind"] == "Event" and o["metadata"]["name"].startswith("e")]
    assert events_text(events, parse_rfc3339(case["now"])) == case["text"]
