"""PodHub: a flight simulator and a flight recorder for Kubernetes Pods."""

import gc

__version__ = "0.1.0"

# Engines hold millions of small objects and make no cycles: Python's usual search for cycles costs a large cluster a quarter
# of its time, and a restore three quarters. What a server leaves behind is still found, only later.
gc.set_threshold(200_000, 50, 100)
