"""Kubernetes' HTTP API: at /clusters/NAME/ a cluster as it is, at /clusters/NAME@TIME/ the same cluster as it was, read-only.

An ASGI application of its own, in front of Django: watches and exec sessions are many and long. `application.py` is the way
in; one file for each feature of the wire.
"""
