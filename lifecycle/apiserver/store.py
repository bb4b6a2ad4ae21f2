"""The objects of one cluster: what etcd is to an API server.

An Event that nobody has asked for in a while is kept as JSON bytes, a tenth of the size of dicts: most are never asked for.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from lifecycle.wire import Object

WARM = {"events": 128}
"""How many objects of a resource are kept decoded; all, where it is not named here: the other rooms hold on to them too."""

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class Row(msgspec.Struct, array_like=True):
    """One object with the index of the change that made it what it is."""

    resource: str
    namespace: str
    name: str
    index: int
    data: bytes


class Held(msgspec.Struct, gc=False):
    """An object in the store, decoded or as bytes (or both), and the index of the change that made it what it is."""

    obj: Object | None
    data: bytes | None
    index: int

    def decoded(self) -> Object:
        return self.obj if self.obj is not None else _decode(self.data or b"null")

    def encoded(self) -> bytes:
        return self.data if self.data is not None else _encode(self.obj)


class Store:
    """Objects by resource, namespace and name."""

    def __init__(self, rows: list[Row] | None = None) -> None:
        self._held: dict[str, dict[str, dict[str, Held]]] = {}
        self._counts: dict[str, int] = {}
        self._warm: dict[str, dict[tuple[str, str], Held]] = {resource: {} for resource in WARM}
        for row in rows or []:
            self._add(row.resource, row.namespace, row.name, Held(None, row.data, row.index))

    def __len__(self) -> int:
        return sum(self._counts.values())

    def rows(self) -> list[Row]:
        """Return everything in the order of resources, namespaces and names, for a snapshot."""
        return [
            Row(resource, namespace, name, held.index, held.encoded())
            for resource, spaces in sorted(self._held.items())
            for namespace, space in sorted(spaces.items())
            for name, held in sorted(space.items())
        ]

    def get(self, resource: str, namespace: str, name: str) -> Object | None:
        held = self._find(resource, namespace, name)
        if held is None:
            return None
        if held.obj is None:
            held.obj = held.decoded()
            if resource in WARM:
                self._keep_warm(resource, namespace, name, held)
        return held.obj

    def index(self, resource: str, namespace: str, name: str) -> int | None:
        """Return the index of an object's last change, or None where there is no such object."""
        held = self._find(resource, namespace, name)
        return held.index if held is not None else None

    def put(self, resource: str, namespace: str, name: str, obj: Object, index: int) -> None:
        held = self._find(resource, namespace, name)
        if held is None:
            held = Held(obj, None, index)
            self._add(resource, namespace, name, held)
        else:
            held.obj, held.data, held.index = obj, None, index
        if resource in WARM:
            self._keep_warm(resource, namespace, name, held)

    def drop(self, resource: str, namespace: str, name: str) -> None:
        """Forget an object; one that is not there is no mistake."""
        spaces = self._held.get(resource, {})
        if name not in spaces.get(namespace, {}):
            return
        del spaces[namespace][name]
        if not spaces[namespace]:
            del spaces[namespace]
        self._counts[resource] -= 1
        self._warm.get(resource, {}).pop((namespace, name), None)

    def list(self, resource: str, namespace: str | None = None) -> Iterator[Object]:
        """Give the objects of a resource in key order, in one namespace or in all."""
        spaces = self._held.get(resource, {})
        for space in sorted(spaces) if namespace is None else (namespace,):
            for name in sorted(spaces.get(space, ())):
                yield spaces[space][name].decoded()

    def count(self, resource: str) -> int:
        """Return how many objects of a resource there are."""
        return self._counts.get(resource, 0)

    def names(self, resource: str, namespace: str) -> tuple[str, ...]:
        """Return the names of a namespace's objects, sorted."""
        return tuple(sorted(self._held.get(resource, {}).get(namespace, ())))

    def _find(self, resource: str, namespace: str, name: str) -> Held | None:
        spaces = self._held.get(resource)
        space = spaces.get(namespace) if spaces else None
        return space.get(name) if space else None

    def _add(self, resource: str, namespace: str, name: str, held: Held) -> None:
        self._held.setdefault(resource, {}).setdefault(namespace, {})[name] = held
        self._counts[resource] = self._counts.get(resource, 0) + 1

    def _keep_warm(self, resource: str, namespace: str, name: str, held: Held) -> None:
        """Leave an object decoded; keep the one unused for longest as bytes alone where there are too many.

        Where there are, its bytes are made at once, while it is at hand.
        """
        warm, key = self._warm[resource], (namespace, name)
        warm.pop(key, None)
        warm[key] = held
        if len(warm) > WARM[resource]:
            held.data = held.encoded()
            oldest = warm.pop(next(iter(warm)))
            oldest.data, oldest.obj = oldest.encoded(), None
