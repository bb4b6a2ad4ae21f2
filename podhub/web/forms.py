"""The dashboard's forms."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.core.validators import RegexValidator
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from podhub.log.models import CLUSTER_NAME, Cluster

SPEEDS = (("1x", "1×"), ("10x", "10×"), ("60x", "60×"), ("max", _("as fast as possible")), ("paused", _("paused")))

LONGEST_GRACE = 24 * 3600


class PlainForm(forms.Form):
    """A form whose fields wear the site's looks."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            looks = {forms.ChoiceField: "select", forms.ModelChoiceField: "select", forms.BooleanField: "checkbox"}
            field.widget.attrs.setdefault("class", looks.get(type(field), "input"))


class LoginForm(AuthenticationForm):
    """Django's own, in the site's looks."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        for field in self.fields.values():
            field.widget.attrs["class"] = "input"


class PasswordForm(PasswordChangeForm):
    """Django's own, in the site's looks."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        for field in self.fields.values():
            field.widget.attrs["class"] = "input"


class NameField(forms.CharField):
    """A cluster's name."""

    def __init__(self) -> None:
        label_rule = RegexValidator(
            rf"^{CLUSTER_NAME}\Z", _("Use 1 to 63 of a-z, 0-9 and “-”; neither begin nor end with “-”."), code="invalid"
        )
        super().__init__(
            label=_("Name"),
            max_length=63,
            validators=[label_rule],
            help_text=_("A DNS label, such as “probes-lesson”."),
            widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autofocus": True}),
        )


class ClusterForm(PlainForm):
    """A new simulated cluster."""

    name = NameField()
    speed = forms.ChoiceField(
        label=_("Speed of its clock"), choices=SPEEDS, initial="1x", help_text=_("It can be changed at any moment.")
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        initial=0,
        min_value=-(2**63),
        max_value=2**63 - 1,
        help_text=_("Names, addresses and jitter come from it: the same seed and the same requests give the same log."),
    )


class ForkForm(PlainForm):
    """A cluster that begins as another one."""

    name = NameField()
    speed = forms.ChoiceField(label=_("Speed of its clock"), choices=SPEEDS, help_text=_("It can be changed at any moment."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        speed = str(self.initial.get("speed", "1x"))
        if speed not in dict(SPEEDS):
            self.fields["speed"].choices = [(speed, speed.replace("x", "×")), *SPEEDS]  # type: ignore[attr-defined]


class ComparisonForm(PlainForm):
    """What a Pod is to be compared with."""

    to = forms.CharField(
        label=_("With the Pod"),
        help_text=_("Its cluster, namespace and name: in a fork, in another run, or in a recording of a real cluster."),
        max_length=400,
        widget=forms.TextInput(
            attrs={"list": "offered", "autocomplete": "off", "spellcheck": "false", "placeholder": "default/default/web"}
        ),
    )
    only = forms.BooleanField(label=_("Only what differs"), required=False)

    def clean_to(self) -> tuple[str, str, str]:
        cluster, _slash, rest = str(self.cleaned_data["to"]).partition("/")
        namespace, _slash, name = rest.partition("/")
        if not (cluster and namespace and name):
            raise forms.ValidationError(_("Write cluster/namespace/name, such as default/default/web."), code="invalid")
        return cluster, namespace, name


class RecordingForm(PlainForm):
    """A recording of a real cluster, to be imported into a cluster of its own."""

    name = NameField()
    recording = forms.FileField(
        label=_("Recording"),
        help_text=_(
            "One or more files: what kubectl get -o json (or yaml) wrote, recordings, archives (.tar.gz, .zip) of these."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["recording"].widget.attrs["multiple"] = True


class TokenForm(PlainForm):
    """A new bearer token."""

    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("What it is for."), widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    cluster = forms.ModelChoiceField(Cluster.objects.none(), label=_("Cluster"), required=False, empty_label=_("all"))
    may_edit = forms.BooleanField(label=_("It may change things, not only look at them"), required=False)

    def __init__(self, clusters: QuerySet[Cluster], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["cluster"].queryset = clusters.order_by("name")  # type: ignore[attr-defined]


class DropForm(PlainForm):
    """Dropping a cluster: its name has to be typed."""

    confirm = forms.CharField(
        label=_("Type the cluster’s name to drop it"), widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, name: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name = name

    def clean_confirm(self) -> str:
        typed: str = self.cleaned_data["confirm"]
        if typed != self.name:
            raise forms.ValidationError(_("That is not its name."), code="mismatch")
        return typed


class DeleteForm(PlainForm):
    """Deleting a Pod with a grace period."""

    grace = forms.IntegerField(
        label=_("Grace period in seconds"),
        min_value=0,
        max_value=LONGEST_GRACE,
        help_text=_("0 takes the Pod away at once, without waiting for its containers."),
    )

    def __init__(self, grace: int, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"grace": grace})
        super().__init__(*args, **kwargs)
