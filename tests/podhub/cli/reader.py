"""Somebody who follows a walkthrough: applies manifests, looks, runs commands, deletes, each at its second."""

from __future__ import annotations

from pathlib import Path

from lifecycle.clock import SECOND, Micros, from_seconds
from lifecycle.engine import Engine
from lifecycle.printers.events import events_text
from lifecycle.printers.pod_row import pod_cells
from lifecycle.wire import DEFAULT_START, Answer, Change, Config, Object, Output, Request, Trace
from podhub.cli.requests import read_manifests

GALLERY = Path(__file__).resolve().parents[3] / "podhub" / "web" / "gallery"


class Reader:
    """One cluster of one node, and what has been seen of it so far."""

    def __init__(self) -> None:
        self.engine = Engine.new(Config(start=DEFAULT_START))
        self.outputs: list[Output] = []
        self._objects: dict[tuple[str, str], Object] = {}

    @property
    def now(self) -> float:
        return self.second(self.engine.now)

    def second(self, at: Micros) -> float:
        """Return a moment in seconds from the start."""
        return (at - DEFAULT_START) / SECOND

    def wait_until(self, seconds: float) -> None:
        """Let time pass, to a moment in seconds from the start."""
        self._advance(DEFAULT_START + from_seconds(seconds))

    def apply(self, manifest: str) -> None:
        """`kubectl apply -f` of a manifest of the gallery."""
        for timed in read_manifests([str(GALLERY / f"{manifest}.yaml")]):
            self._ask(timed.request)

    def label(self, node: str, label: str) -> None:
        """`kubectl label nodes NODE NAME=VALUE`"""
        name, _, value = label.partition("=")
        body = {"metadata": {"labels": {name: value}}}
        self._ask(Request("patch", "nodes", name=node, content_type="application/merge-patch+json", body=body))

    def delete(self, pod: str) -> None:
        """`kubectl delete pod`"""
        self._ask(Request("delete", "pods", namespace="default", name=pod, body={}))

    def exec(self, pod: str, container: str, *command: str) -> str:
        """`kubectl exec POD -c CONTAINER -- COMMAND`: what it writes, after five seconds at most."""
        query = {"command": list(command), "container": [container]}
        session = self._ask(Request("create", "pods", namespace="default", name=pod, subresource="exec", query=query))
        self._advance(self.engine.now + from_seconds(5))
        ends = [trace for trace in self._traces("exec") if str(trace.body.get("session")) == session.body["details"]["name"]]
        return str(ends[-1].body["message"])

    def row(self, pod: str) -> str:
        """READY, STATUS, RESTARTS (and how long ago) as `kubectl get pod` shows them; empty where there is no such Pod."""
        found = self._objects.get(("Pod", pod))
        return " ".join(str(cell) for cell in pod_cells(found, self.engine.now)[1:4]) if found else ""

    def events(self, pod: str) -> str:
        """`kubectl events --for pod/POD`"""
        events = [o for (kind, _), o in self._objects.items() if kind == "Event" and o["involvedObject"]["name"] == pod]
        return events_text(events, self.engine.now)

    def logs(self, pod: str, container: str) -> str:
        """`kubectl logs POD -c CONTAINER`, of all its runs."""
        return "".join(t.body["text"] for t in self._traces("output") if (t.pod, t.container) == (pod, container))

    def probes(self, pod: str) -> list[Trace]:
        """What was told of the Pod's probes."""
        return [trace for trace in self._traces("probe") if trace.pod == pod]

    def _traces(self, kind: str) -> list[Trace]:
        return [output for output in self.outputs if isinstance(output, Trace) and output.kind == kind]

    def _ask(self, request: Request) -> Answer:
        answer = self.engine.request(self.engine.now, request)
        assert answer.code < 400, answer.body
        self._advance(self.engine.now)
        return answer

    def _advance(self, to: Micros) -> None:
        new = self.engine.advance(to)
        self.outputs += new
        for change in new:
            if isinstance(change, Change):
                key = (change.object["kind"], change.object["metadata"]["name"])
                self._objects[key] = change.object
                if change.type == "DELETED":
                    del self._objects[key]
