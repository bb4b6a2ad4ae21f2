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


class Store:
    """Objects by resource, namespace and name."""

    def __init__(self, rows: list[Row] | None = None) -> None:
        self._cold: dict[str, dict[str, dict[str, bytes | None]]] = {}
        self._warm: dict[str, dict[Key, Object]] = {}
        self._index: dict[Key, int] = {}
        self._counts: dict[str, int] = {}
        for row in rows or []:
            self._counts[row.resource] = self._counts.get(row.resource, 0) + 1
            self._cold.setdefault(row.resource, {}).setdefault(row.namespace, {})[row.name] = row.data
            self._index[row.resource, row.namespace, row.name] = row.index

    def __len__(self) -> int:
        return len(self._index)

    def rows(self) -> list[Row]:
        """Return everything in key order, for a snapshot."""
        return [Row(*key, index=self._index[key], data=self._data(key)) for key in sorted(self._index)]

    def get(self, resource: str, namespace: str, name: str) -> Object | None:
        key = (resource, namespace, name)
        warm = self._warm.get(resource)
        obj = warm.get(key) if warm else None
        if obj is None and key in self._index:
            data = self._cold[resource][namespace][name]
            assert data is not None
            obj = _decode(data)
            self._keep(key, obj)
        return obj

    def index(self, resource: str, namespace: str, name: str) -> int | None:
        """Return the index of an object's last change, or None where there is no such object."""
        return self._index.get((resource, namespace, name))

    def put(self, resource: str, namespace: str, name: str, obj: Object, index: int) -> None:
        key = (resource, namespace, name)
        if key not in self._index:
            self._counts[resource] = self._counts.get(resource, 0) + 1
        self._cold.setdefault(resource, {}).setdefault(namespace, {})[name] = None
        self._index[key] = index
        self._keep(key, obj)

    def drop(self, resource: str, namespace: str, name: str) -> None:
        """Forget an object; one that is not there is no mistake."""
        key = (resource, namespace, name)
        if self._index.pop(key, None) is not None:
            self._counts[resource] -= 1
            self._warm.get(resource, {}).pop(key, None)
            spaces = self._cold[resource]
            del spaces[namespace][name]
            if not spaces[namespace]:
                del spaces[namespace]

    def list(self, resource: str, namespace: str | None = None) -> Iterator[Object]:
        """Give the objects of a resource in key order, in one namespace or in all."""
        spaces, warm = self._cold.get(resource, {}), self._warm.get(resource, {})
        for space in sorted(spaces) if namespace is None else (namespace,):
            for name in sorted(spaces.get(space, ())):
                obj = warm.get((resource, space, name))
                data = spaces[space][name]
                yield obj if obj is not None else _decode(data or b"null")

    def count(self, resource: str) -> int:
        """Return how many objects of a resource there are."""
        return self._counts.get(resource, 0)

    def names(self, resource: str, namespace: str) -> tuple[str, ...]:
        """Return the names of a namespace's objects, sorted."""
        return tuple(sorted(self._cold.get(resource, {}).get(namespace, ())))

    def _keep(self, key: Key, obj: Object) -> None:
        """Hold an object decoded; put the one unused for longest away as bytes where there are too many."""
        warm, most = self._warm.setdefault(key[0], {}), WARM.get(key[0])
        if most is None:
            warm[key] = obj
            return
        warm.pop(key, None)
        warm[key] = obj
        if len(warm) > most:
            oldest = next(iter(warm))
            data = self._data(oldest)
            del warm[oldest]
            self._cold[oldest[0]][oldest[1]][oldest[2]] = data

    def _data(self, key: Key) -> bytes:
        data = self._cold[key[0]][key[1]][key[2]]
        return data if data is not None else _encode(self._warm[key[0]][key])
