"""Events: made, counted, combined and dropped as client-go does."""

from lifecycle.recorder import SPAM_BURST
from tests.lifecycle.rooms import Rooms

POD = {"kind": "Pod", "apiVersion": "v1", "metadata": {"namespace": "default", "name": "web", "uid": "u1"}}


def kubelet_event(rooms: Rooms, message: str = "Container started", reason: str = "Started", type: str = "Normal", **more: str):
    return rooms.recorder.event("kubelet", POD, type, reason, message, host="node1", **more)


def test_an_event_says_what_it_is_about_and_who_says_so():
    rooms = Rooms()
    rooms.kernel.now += 250_000
    kubelet_event(rooms, field_path="spec.containers{app}")
    (event,) = rooms.events()
    assert event["metadata"]["name"] == f"web.{rooms.kernel.now * 1000:x}"
    assert event["involvedObject"] == {
        "kind": "Pod",
        "namespace": "default",
        "name": "web",
        "uid": "u1",
        "apiVersion": "v1",
        "fieldPath": "spec.containers{app}",
    }
    assert event["source"] == {"component": "kubelet", "host": "node1"}
    assert (event["reportingComponent"], event["reportingInstance"]) == ("kubelet", "node1")
    assert (event["count"], event["firstTimestamp"], event["eventTime"]) == (1, "2026-01-01T00:00:00Z", None)


def test_a_repeated_event_is_the_same_object_with_a_higher_count():
    rooms = Rooms()
    kubelet_event(rooms)
    rooms.run(10)
    kubelet_event(rooms)
    (event,) = rooms.events()
    assert (event["count"], event["firstTimestamp"], event["lastTimestamp"]) == (
        2,
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:10Z",
    )
    assert [change.type for change in rooms.changes("Event")] == ["ADDED", "MODIFIED"]


def test_the_same_words_about_another_container_are_another_event():
    rooms = Rooms()
    kubelet_event(rooms, field_path="spec.containers{a}")
    kubelet_event(rooms, field_path="spec.containers{b}")
    assert [event["count"] for event in rooms.events()] == [1, 1]


def test_two_events_of_one_microsecond_have_two_names():
    rooms = Rooms()
    kubelet_event(rooms, "one")
    kubelet_event(rooms, "two")
    assert len({event["metadata"]["name"] for event in rooms.events()}) == 2


def test_nine_different_messages_stand_alone_and_further_ones_are_combined():
    rooms = Rooms()
    for n in range(12):
        rooms.run(1)
        kubelet_event(rooms, f"message {n}")
    events = rooms.events()
    assert len(events) == 10
    (combined,) = [event for event in events if event["message"].startswith("(combined from similar events): ")]
    assert combined["message"] == "(combined from similar events): message 11"
    assert combined["count"] == 3


def test_messages_are_not_combined_with_those_of_more_than_ten_minutes_ago():
    rooms = Rooms()
    for n in range(9):
        kubelet_event(rooms, f"message {n}")
    rooms.run(601)
    kubelet_event(rooms, "message 9")
    assert not any("combined" in event["message"] for event in rooms.events())


def test_a_source_that_says_too_much_is_cut_off_while_its_count_goes_on():
    rooms = Rooms()
    for _ in range(SPAM_BURST + 5):
        rooms.run(1)
        kubelet_event(rooms, "Back-off restarting", "BackOff", "Warning")
    (event,) = rooms.events()
    assert event["count"] == SPAM_BURST
    rooms.run(300)
    kubelet_event(rooms, "Back-off restarting", "BackOff", "Warning")
    (event,) = rooms.events()
    assert event["count"] == SPAM_BURST + 6


def test_normal_and_warning_events_are_cut_off_apart():
    rooms = Rooms()
    for _ in range(SPAM_BURST + 1):
        kubelet_event(rooms, "probe failed", "Unhealthy", "Warning")
    assert kubelet_event(rooms, "probe failed", "Unhealthy", "Warning") is None
    assert kubelet_event(rooms) is not None


def test_an_event_that_expired_is_made_anew_with_the_count_going_on():
    rooms = Rooms()
    kubelet_event(rooms)
    rooms.run(3661)
    kubelet_event(rooms, "another", "Pulled")
    assert [event["message"] for event in rooms.events()] == ["another"]
    kubelet_event(rooms)
    made = [change for change in rooms.changes("Event") if change.object["reason"] == "Started"]
    assert [change.type for change in made] == ["ADDED", "DELETED", "ADDED"]
    assert made[-1].object["count"] == 2


def test_the_scheduler_counts_repeats_in_a_series_that_keeps_the_first_text():
    rooms = Rooms()
    for n in range(4):
        rooms.run(60)
        rooms.recorder.scheduler_event(POD, "Warning", "FailedScheduling", "Scheduling", f"text {n}")
    (event,) = rooms.events()
    assert event["message"] == "text 0"
    assert event["eventTime"] == "2026-01-01T00:01:00.000000Z"
    assert event["series"] == {"count": 2, "lastObservedTime": "2026-01-01T00:02:00.000000Z"}
    assert (event["firstTimestamp"], event.get("count"), event["source"]) == (None, None, {})


def test_a_series_that_is_idle_ends_with_its_whole_count():
    rooms = Rooms()
    for _ in range(3):
        rooms.recorder.scheduler_event(POD, "Warning", "FailedScheduling", "Scheduling", "text")
    rooms.run(361)
    (event,) = rooms.events()
    assert event["series"]["count"] == 3
    rooms.recorder.scheduler_event(POD, "Warning", "FailedScheduling", "Scheduling", "text")
    assert len(rooms.events()) == 2


def test_a_long_note_of_the_scheduler_is_cut():
    rooms = Rooms()
    rooms.recorder.scheduler_event(POD, "Warning", "FailedScheduling", "Scheduling", "ä" * 600)
    (event,) = rooms.events()
    assert len(event["message"].encode()) <= 1024
    assert event["message"].endswith("ä ...")


def test_an_event_about_something_without_a_namespace_lives_in_default():
    rooms = Rooms()
    node = {"kind": "Node", "metadata": {"name": "node1", "uid": "n1"}}
    rooms.recorder.event("node-controller", node, "Normal", "NodeNotReady", "Node node1 status is now: NodeNotReady")
    (event,) = rooms.events()
    assert event["metadata"]["namespace"] == "default"
    assert event["source"] == {"component": "node-controller"}
