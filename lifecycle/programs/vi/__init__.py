"""vi as busybox has it: a text in an editor (`text`), what keys do to it (`normal`, `colon`), how it is shown (`screen`)."""
