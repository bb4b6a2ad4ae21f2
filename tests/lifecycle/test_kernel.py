"""Time, causes and the way out."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from lifecycle.kernel import Kernel, KernelState, Pod, Reply
from lifecycle.wire import DEFAULT_START, Config


class Bell:
    """A room that notes what it was told, when and why."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.heard: list[tuple[Any, ...]] = []

    def on_ring(self, *subject: Any) -> None:
        self.heard.append((*subject, self.kernel.now - DEFAULT_START, self.kernel.cause))


@pytest.fixture
def kernel() -> Kernel:
    kernel = Kernel(KernelState(Config(DEFAULT_START), DEFAULT_START))
    kernel.rooms["bell"] = Bell(kernel)
    return kernel


def heard(kernel: Kernel) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = kernel.rooms["bell"].heard
    return found


def test_a_timer_comes_at_its_moment_with_the_cause_it_was_added_for(kernel):
    with kernel.because(7):
        kernel.after(1_000, "bell", "ring", "later")
    kernel.after(500, "bell", "ring", "sooner")
    while kernel.fire(DEFAULT_START + 2_000):
        pass
    assert heard(kernel) == [("sooner", 500, 0), ("later", 1_000, 7)]


def test_a_timer_for_the_past_comes_now(kernel):
    kernel.now += 10_000
    kernel.at(DEFAULT_START, "bell", "ring")
    assert kernel.fire(kernel.now)
    assert heard(kernel) == [(10_000, 0)]


def test_a_cancelled_timer_and_none_at_all_are_no_mistake(kernel):
    kernel.cancel(kernel.after(1, "bell", "ring"))
    kernel.cancel(None)
    assert kernel.agenda.next_at() is None


def test_a_reply_is_told_at_once(kernel):
    kernel.tell(Reply("bell", "ring", ("a", "b")), "result")
    assert heard(kernel) == [("a", "b", "result", 0, 0)]


def test_outputs_are_numbered_and_name_their_cause(kernel):
    first = kernel.change("ADDED", {"kind": "Pod"})
    with kernel.because(first):
        second = kernel.trace("probe", Pod("default", "web", "u1", "app"), result="failure")
    third = kernel.trace("decision")
    assert [(o.index, o.cause) for o in kernel.outputs] == [(first, 0), (second, first), (third, 0)]
    trace = kernel.outputs[1]
    assert (trace.pod, trace.container, trace.body) == ("web", "app", {"result": "failure"})
    assert kernel.index == third == 3


def test_the_cause_is_what_it_was_when_a_stretch_ends_even_by_an_error(kernel):
    with pytest.raises(ZeroDivisionError), kernel.because(5):
        raise ZeroDivisionError
    assert kernel.cause == 0


def test_a_saved_kernel_goes_on_where_it_was(kernel):
    kernel.after(2_000, "bell", "ring", "x", 3, None, True)
    kernel.trace("decision", text="unread")
    saved = msgspec.msgpack.decode(msgspec.msgpack.encode(kernel.save()), type=KernelState)
    again = Kernel(saved)
    again.rooms["bell"] = Bell(again)
    assert not again.fire(DEFAULT_START + 1_999)
    assert again.fire(DEFAULT_START + 2_000)
    assert heard(again) == [("x", 3, None, True, 2_000, 0)]
    assert again.outputs == kernel.outputs
    assert again.trace("decision") == 2


def test_what_was_left_undone_comes_at_its_own_moments_and_is_put_out_now(kernel):
    class Sleeper(Bell):
        def on_ring(self, *subject: Any) -> None:
            super().on_ring(*subject)
            self.kernel.trace("limit", text="rung")
            if subject[0] == "begun":
                self.kernel.after(300, "bell", "ring", "meanwhile")
                self.kernel.after(5_000, "bell", "ring", "to come")

    kernel.rooms["bell"] = Sleeper(kernel)
    kernel.now += 1_000
    kernel.after(0, "bell", "ring", "due now")
    kernel.earlier(DEFAULT_START + 200, "bell", "ring", "begun")
    assert [(what, at) for what, at, _ in heard(kernel)] == [("begun", 200), ("meanwhile", 500)]
    assert [output.at for output in kernel.outputs] == [DEFAULT_START + 1_000] * 2
    assert kernel.now == DEFAULT_START + 1_000
