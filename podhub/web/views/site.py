"""What belongs to no cluster: how the site is to look for one browser, and whether it is well."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from podhub.web.forms import LoginForm, PasswordForm
from podhub.web.pages import THEME_COOKIE, THEMES, page

A_YEAR = 365 * 24 * 3600


@require_http_methods(["POST"])
def theme(request: HttpRequest) -> HttpResponseRedirect:
    """Remember a theme and go back."""
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back)
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        response.set_cookie(THEME_COOKIE, chosen, max_age=A_YEAR, samesite="Lax", secure=request.is_secure(), httponly=True)
    return response


class Login(LoginView):
    """Who somebody is, where a team works together."""

    form_class = LoginForm

    def render_to_response(self, context: dict[str, Any], **response_kwargs: Any) -> HttpResponse:
        status = 422 if self.request.method == "POST" else 200
        return page(self.request, "login.html", context, status=status)


class PasswordChange(PasswordChangeView):
    """A user's own password: who gave the first one is to know it no longer."""

    form_class = PasswordForm
    success_url = reverse_lazy("clusters")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.TEAM:
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        messages.success(self.request, _("Your password was changed."))
        return super().form_valid(form)

    def render_to_response(self, context: dict[str, Any], **response_kwargs: Any) -> HttpResponse:
        texts = {"title": _("Change your password"), "action": _("Change it"), "back": self.success_url}
        return page(self.request, "form_page.html", context | texts, status=422 if self.request.method == "POST" else 200)


@require_http_methods(["GET", "HEAD"])
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer `ok` to whoever watches over the process, as long as the database answers."""
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return HttpResponse("the database does not answer", status=503, content_type="text/plain")
    return HttpResponse("ok", content_type="text/plain")
