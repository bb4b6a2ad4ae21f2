"""Where a page is made: its view, and the middleware before it, in one thread at one go."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_only_middleware


@sync_only_middleware
def one_thread(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Do nothing, innermost: before a middleware that knows no event loop Django runs the others without one, too.

    Every hook of theirs would be sent from the event loop to the request's thread by itself, though all views want that thread.
    """
    return get_response
