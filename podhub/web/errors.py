"""What is answered where a view cannot: the log's refusals become pages, and Django's own errors too."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import DisallowedHost, RequestDataTooBig
from django.db.utils import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _

from podhub.access.rights import MayNotEdit
from podhub.log.errors import BadMoment, LogError, NoSuchCluster, NotYet
from podhub.web.pages import may_not_edit, no_such_cluster, problem

log = logging.getLogger(__name__)

View = Callable[..., HttpResponse]


def refusals(view: View) -> View:
    """Let a view raise the log's errors: each becomes a page with its text and a status of 4xx. A team has to log in first."""

    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "\x00" in "".join((request.path, *request.GET.dict().values())):  # PostgreSQL knows no text with it
            return bad_request(request)
        if settings.TEAM and not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        try:
            return view(request, *args, **kwargs)
        except NoSuchCluster as wrong:
            return no_such_cluster(request, wrong.name)
        except MayNotEdit as wrong:
            return may_not_edit(request, wrong.name)
        except BadMoment as wrong:
            return problem(request, 400, _("That is no moment"), str(wrong))
        except NotYet as wrong:
            return problem(request, 404, _("Not yet"), str(wrong))
        except RequestDataTooBig as wrong:
            return bad_request(request, wrong)
        except LogError as wrong:
            return problem(request, 409, _("That cannot be done"), str(wrong))

    answer.__name__ = view.__name__
    answer.__doc__ = view.__doc__
    return answer


class BusyDatabase(MiddlewareMixin):
    """Answers 503 where a view, be it the admin site's, finds the database busy, restarting or out of space."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, OperationalError):
            return None
        log.warning("database busy path=%s error=%s", request.path, exception)
        text = _("The database is busy. Try again in a moment.")
        return HttpResponse(text, status=503, content_type="text/plain; charset=utf-8", headers={"Retry-After": "1"})


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        text = _("What was sent is larger than 3 MiB. Submit it in several parts.")
        return problem(request, 413, _("Too large"), text)
    if isinstance(exception, DisallowedHost):  # found before anybody knows who asks, whom pages are made for
        return HttpResponse(f"{exception}\n", status=400, content_type="text/plain; charset=utf-8")
    text = _("The server could not read what was sent. Go back and try again.")
    return problem(request, 400, _("The request makes no sense"), text)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    return problem(request, 403, _("Not allowed"), _("You may not see or do this."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    text = _("The form is too old, or came from another site. Go back, reload the page and send it again.")
    return problem(request, 403, _("The form was not accepted"), text)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    return problem(
        request, 404, _("There is no such page"), _("The address “%(path)s” leads nowhere.") % {"path": request.path}
    )


def server_error(request: HttpRequest) -> HttpResponseBase:
    text = "PodHub met a mistake of its own. It has been written to the server's log."
    return HttpResponse(text, status=500, content_type="text/plain; charset=utf-8")
