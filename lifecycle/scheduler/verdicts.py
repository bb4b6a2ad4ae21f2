"""What the nodes say of Pods of one shape, kept until they change: nodes change one at a time, and many Pods are alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, compress, islice

from lifecycle.scheduler import scores, selectors
from lifecycle.scheduler.cache import Cache
from lifecycle.scheduler.candidate import Candidate
from lifecycle.scheduler.filters import Rejection, reject_alone
from lifecycle.scheduler.scores import Alone, Points

NO_SUCH_NODE = Rejection("NodeAffinity", ("node(s) didn't satisfy plugin(s) [NodeAffinity]",))
NOT_COMPARED = Alone(0, 0, 0)


class Verdicts:
    """Nodes go by their places in the order of all. One is asked when it is looked at for the first time since it changed."""

    def __init__(self, candidate: Candidate, cache: Cache) -> None:
        self.cache, self.nodes = cache, cache.ordered()
        self.named = selectors.named_nodes(candidate.pod)
        self.alone = [NOT_COMPARED] * len(self.nodes)
        """How well each of those that would do would do alone."""
        self.compared: set[int] = set()
        """Those of which something counts only in comparison with others."""
        self._points = [0] * len(self.nodes)
        self._worth: Mapping[str, int] = {}
        self._rejections: list[Rejection | None] = [NO_SUCH_NODE] * len(self.nodes)
        self._fits = [False] * len(self.nodes)
        """Whether each would do, as far as is known: those to be asked are taken to."""
        self._to_ask: set[int] = set()
        self._generation = cache.generation
        self._ask_again(cache.nodes if self.named is None else self.named & cache.nodes.keys())

    def renew(self) -> None:
        """Have those asked again that have changed."""
        if self._generation != self.cache.generation:
            self._ask_again(self.cache.changed_since(self._generation))
            self._generation = self.cache.generation

    def places(self, first: int) -> Iterator[int]:
        """Give all places from one on and then from the beginning."""
        return chain(range(first, len(self.nodes)), range(first))

    def rejection(self, candidate: Candidate, place: int) -> Rejection | None:
        """Return what a node has against Pods of this shape."""
        if place in self._to_ask:
            self._ask(candidate, place)
        return self._rejections[place]

    def rejections(self, first: int) -> dict[str, Rejection]:
        """Return what all nodes have against them that have been asked, from one place on and then from the beginning."""
        found = ((self.nodes[place].name, self._rejections[place]) for place in self.places(first))
        return {name: rejection for name, rejection in found if rejection is not None}

    def fitting(self, candidate: Candidate, first: int, enough: int) -> list[int]:
        """Return the places of so many nodes that would do, or of all, from one place on and then from the beginning."""
        while True:
            fits = self._fits[first:] + self._fits[:first]
            found = list(islice(compress(self.places(first), fits), enough))
            to_ask = self._to_ask.intersection(found) if self._to_ask else None
            if not to_ask:
                return found
            for place in to_ask:
                self._ask(candidate, place)

    def points(self, worth: Mapping[str, int]) -> Points:
        """Return what each node that would do has alone, and with what it is worth to be on some, by name."""
        if self._worth is not worth:
            self._worth = worth
            self._points = [own.resources + worth.get(node.name, 0) for own, node in zip(self.alone, self.nodes, strict=True)]
        return self._points

    def _ask(self, candidate: Candidate, place: int) -> None:
        node = self.nodes[place]
        rejection = self._rejections[place] = reject_alone(candidate, node)
        self._fits[place] = rejection is None
        self._to_ask.remove(place)
        if rejection is None and len(self.nodes) > 1:
            own = self.alone[place] = scores.alone(candidate, node)
            self._points[place] = own.resources + self._worth.get(node.name, 0)
            (self.compared.add if own.avoided or own.preferred else self.compared.discard)(place)

    def _ask_again(self, names: Iterable[str]) -> None:
        places = self.cache.places
        for name in names:
            if self.named is None or name in self.named:
                place = places[name]
                self._fits[place] = True
                self._to_ask.add(place)
