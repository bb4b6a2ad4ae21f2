"""kubectl's text as pure functions of objects and a moment: kubectl 1.36, to the byte.

`describe.describe` describes any object, `pod.describe_pod` a Pod; `tables.table` makes a server-side Table and
`tables.table_text` prints it as `kubectl get` does; `events.events_text` is `kubectl events`, `documents` is `-o json` and
`-o yaml`, and `timeline.Timeline` tells a run line by line, of `happenings.Happenings`.
"""
