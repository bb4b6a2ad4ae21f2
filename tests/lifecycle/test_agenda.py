"""The order in which things happen."""

from hypothesis import given
from hypothesis import strategies as st

from lifecycle.agenda import EARLY, LATE, NORMAL, Agenda, Timer


def drained(agenda: Agenda) -> list[str]:
    out = []
    while due := agenda.pop(1_000_000):
        out.append(due[1].what)
    return out


def test_timers_come_by_time_then_priority_then_in_the_order_they_were_added():
    agenda = Agenda()
    agenda.add(20, Timer("r", "later"))
    agenda.add(10, Timer("r", "late"), LATE)
    agenda.add(10, Timer("r", "first"), NORMAL)
    agenda.add(10, Timer("r", "second"), NORMAL)
    agenda.add(10, Timer("r", "early"), EARLY)
    assert drained(agenda) == ["early", "first", "second", "late", "later"]


def test_a_cancelled_timer_never_comes_and_cancelling_twice_is_no_mistake():
    agenda = Agenda()
    number = agenda.add(1, Timer("r", "gone"))
    agenda.add(2, Timer("r", "stays"))
    agenda.cancel(number)
    agenda.cancel(number)
    assert agenda.next_at() == 2
    assert agenda.pop(1) is None
    assert drained(agenda) == ["stays"]


def test_only_periodic_timers_leave_an_agenda_at_rest():
    agenda = Agenda()
    agenda.add(1, Timer("r", "tick", periodic=True))
    assert agenda.at_rest()
    number = agenda.add(2, Timer("r", "work"))
    assert not agenda.at_rest()
    agenda.cancel(number)
    assert agenda.at_rest()


moments = st.integers(0, 5) | st.integers(0, 60_000_000)


@given(st.lists(st.tuples(moments, st.sampled_from(["add", "cancel", "pop", "look"])), max_size=40))
def test_an_agenda_gives_what_sorting_all_timers_gives_whenever_it_is_asked(done):
    agenda, expected, now = Agenda(), [], 0
    for moment, what in done:
        match what:
            case "add":
                number = agenda.add(now + moment, Timer("r", "x"))
                expected = sorted([*expected, (now + moment, number)])
            case "cancel" if expected:
                agenda.cancel(expected.pop(moment % len(expected))[1])
            case "pop":
                now += moment
                due = agenda.pop(now)
                assert (due and due[0]) == (expected.pop(0)[0] if expected and expected[0][0] <= now else None)
            case "look":
                assert agenda.next_at() == (expected[0][0] if expected else None)
    assert [due.at for due, _ in agenda.saved()] == [at for at, _ in expected]


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from([EARLY, NORMAL, LATE])), max_size=20))
def test_an_agenda_that_was_saved_gives_the_same_order(entries):
    agenda = Agenda()
    for n, (at, priority) in enumerate(entries):
        agenda.add(at, Timer("r", str(n)), priority)
    again = Agenda(agenda.saved(), agenda.number)
    assert drained(again) == drained(agenda)
