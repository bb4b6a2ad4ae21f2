"""kubectl's text as pure functions of objects and a moment: kubectl 1.36, to the byte."""
