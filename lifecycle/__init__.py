"""The engine: a deterministic simulation of the parts of Kubernetes that play a Pod's life.

Pure Python: no Django, no input or output, no wall clock, no global random state. CONTRACTS.md in this folder says what
goes in and what comes out, and how the rooms of the package speak with each other.
"""
