"""Seeded randomness: every draw is a function of the cluster's seed and of the draw's own key, never of what was drawn before.

So one more Pod in a fork changes no id and no jitter of the Pods beside it. A caller that draws more than once for the same
thing puts a counter into the key.
"""

from __future__ import annotations

from hashlib import blake2b

ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""The characters of generated name suffixes. Kubernetes: apimachinery/pkg/util/rand."""

_VARIANT = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))
"""What a hexadecimal digit becomes where a UUID says how it is made up."""


class Seeds:
    """All draws of one cluster."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._key = seed.to_bytes(16, "big", signed=True)
        self._keyed: dict[int, blake2b] = {}

    def draw(self, size: int, *key: str | int) -> bytes:
        """Return so many bytes, 64 at most."""
        text = "\x00".join(map(str, key)).encode()
        keyed = self._keyed.get(size)
        if keyed is None:
            keyed = self._keyed[size] = blake2b(digest_size=size, key=self._key)
        hasher = keyed.copy()  # the key has gone in already
        hasher.update(text)
        return hasher.digest()

    def fraction(self, *key: str | int) -> float:
        """Return a number from [0, 1)."""
        return (int.from_bytes(self.draw(8, *key), "big") >> 11) / (1 << 53)

    def between(self, low: float, high: float, *key: str | int) -> float:
        """Return a number from [low, high)."""
        return low + (high - low) * self.fraction(*key)

    def number(self, below: int, *key: str | int) -> int:
        """Return a whole number from [0, below)."""
        return int(self.fraction(*key) * below)

    def hex(self, digits: int, *key: str | int) -> str:
        """Return lower-case hexadecimal digits, 128 at most."""
        return self.draw((digits + 1) // 2, *key).hex()[:digits]

    def uid(self, *key: str | int) -> str:
        """Return a UUID of version 4 as Kubernetes writes it."""
        d = self.draw(16, *key).hex()
        return f"{d[:8]}-{d[8:12]}-4{d[13:16]}-{_VARIANT[d[16]]}{d[17:20]}-{d[20:]}"

    def suffix(self, *key: str | int) -> str:
        """Return the five characters that generateName and volume names end in."""
        number = int.from_bytes(self.draw(8, *key), "big")
        out = []
        for _ in range(5):
            number, i = divmod(number, len(ALPHABET))
            out.append(ALPHABET[i])
        return "".join(out)
