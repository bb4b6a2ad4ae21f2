"""The objects of one cluster: what etcd is to an API server.

An Event that nobody has asked for in a while is kept as JSON bytes, a tenth of the size of dicts: most are never asked for.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from lifecycle.wire import Object

WARM = {"events": 128}
"""How many objects of a resource are kept decoded; all, where it is not named here: the other rooms hold on to them too."""

Key = tuple[str, str, str]
"""Resource, namespace (empty for cluster-scoped objects), name."""

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
        self._held: dict[Key, Held] = {}
        self._names: dict[str, dict[str, dict[str, None]]] = {}
        self._counts: dict[str, int] = {}
        self._warm: dict[str, dict[Key, Held]] = {resource: {} for resource in WARM}
        for row in rows or []:
            self._add((row.resource, row.namespace, row.name), Held(None, row.data, row.index))

    def __len__(self) -> int:
        return len(self._held)

    def rows(self) -> list[Row]:
        """Return everything in key order, for a snapshot."""
        return [Row(*key, index=held.index, data=held.encoded()) for key, held in sorted(self._held.items())]

    def get(self, resource: str, namespace: str, name: str) -> Object | None:
        key = (resource, namespace, name)
        held = self._held.get(key)
        if held is None:
            return None
        if held.obj is None:
            held.obj = held.decoded()
            if resource in WARM:
                self._keep_warm(key, held)
        return held.obj

    def index(self, resource: str, namespace: str, name: str) -> int | None:
        """Return the index of an object's last change, or None where there is no such object."""
        held = self._held.get((resource, namespace, name))
        return held.index if held is not None else None

    def put(self, resource: str, namespace: str, name: str, obj: Object, index: int) -> None:
        key = (resource, namespace, name)
        held = self._held.get(key)
        if held is None:
            held = Held(obj, None, index)
            self._add(key, held)
        else:
            held.obj, held.data, held.index = obj, None, index
        if resource in WARM:
            self._keep_warm(key, held)

    def drop(self, resource: str, namespace: str, name: str) -> None:
        """Forget an object; one that is not there is no mistake."""
        key = (resource, namespace, name)
        if self._held.pop(key, None) is not None:
            self._counts[resource] -= 1
            self._warm.get(resource, {}).pop(key, None)
            spaces = self._names[resource]
            del spaces[namespace][name]
            if not spaces[namespace]:
                del spaces[namespace]

    def list(self, resource: str, namespace: str | None = None) -> Iterator[Object]:
        """Give the objects of a resource in key order, in one namespace or in all."""
        spaces = self._names.get(resource, {})
        for space in sorted(spaces) if namespace is None else (namespace,):
            for name in sorted(spaces.get(space, ())):
                yield self._held[resource, space, name].decoded()

    def count(self, resource: str) -> int:
        """Return how many objects of a resource there are."""
        return self._counts.get(resource, 0)

    def names(self, resource: str, namespace: str) -> tuple[str, ...]:
        """Return the names of a namespace's objects, sorted."""
        return tuple(sorted(self._names.get(resource, {}).get(namespace, ())))

    def _add(self, key: Key, held: Held) -> None:
        resource, namespace, name = key
        self._held[key] = held
        self._names.setdefault(resource, {}).setdefault(namespace, {})[name] = None
        self._counts[resource] = self._counts.get(resource, 0) + 1

    def _keep_warm(self, key: Key, held: Held) -> None:
        """Leave an object decoded; keep the one unused for longest as bytes alone where there are too many.

        Where there are, its bytes are made at once, while it is at hand.
        """
        warm = self._warm[key[0]]
        warm.pop(key, None)
        warm[key] = held
        if len(warm) > WARM[key[0]]:
            held.data = held.encoded()
            oldest = warm.pop(next(iter(warm)))
            oldest.data, oldest.obj = oldest.encoded(), None
