"""Bearer tokens of whoever is logged in: made, listed, revoked. A secret is shown once, when it is made."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from podhub.access import rights
from podhub.access.models import Token
from podhub.web.errors import refusals
from podhub.web.forms import TokenForm
from podhub.web.pages import page


@never_cache
@require_http_methods(["GET", "POST"])
@refusals
def tokens(request: HttpRequest) -> HttpResponse:
    """The user's tokens, and a form for one more."""
    if not settings.TEAM:
        raise Http404
    form = TokenForm(rights.visible(request.user), request.POST or None)
    secret = ""
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        _made, secret = Token.make(request.user, values["name"], cluster=values["cluster"], may_edit=values["may_edit"])
        form = TokenForm(rights.visible(request.user))
    context = {
        "form": form,
        "secret": secret,
        "server": request.build_absolute_uri("/").rstrip("/"),
        "tokens": _own(request).select_related("cluster").order_by("-pk"),
    }
    return page(request, "tokens.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["POST"])
@refusals
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a token back; whoever uses it is let in no more."""
    _own(request).filter(pk=pk).delete()
    messages.success(request, _("The token was revoked."))
    return HttpResponseRedirect(reverse("tokens"))


def _own(request: HttpRequest) -> QuerySet[Token]:
    return Token.objects.filter(user=request.user) if isinstance(request.user, User) else Token.objects.none()
