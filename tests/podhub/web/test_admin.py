"""The admin site: to look at, not to touch."""

from __future__ import annotations

import re

import pytest
from django.contrib import admin
from django.contrib.admin.utils import label_for_field
from django.contrib.auth.models import User
from django.test import Client
from django.utils import translation

from podhub.access.models import Token
from podhub.log.models import Cluster, Entry
from podhub.runs.models import QueuedRequest
from podhub.web.admin import read_only

LISTS = ("log/cluster", "log/entry", "log/snapshot", "log/drop", "runs/queuedrequest", "web/pod", "access/token", "auth/user")
OURS = [(model, shown) for model, shown in admin.site._registry.items() if model.__module__.startswith("podhub.")]


@pytest.fixture
def ada(client: Client, db: None) -> Client:
    """A superuser's browser."""
    client.force_login(User.objects.create_superuser("ada", password="countess"))
    return client


@pytest.mark.parametrize("name", LISTS)
def test_every_list_opens(ada: Client, recorded: Cluster, name: str) -> None:
    QueuedRequest.objects.create(cluster=recorded, body='{"verb":"create","resource":"pods"}', submitted_at=1)
    assert ada.get(f"/admin/{name}/").status_code == 200


@pytest.mark.parametrize("name", [name for name in LISTS if not name.startswith("auth")])
def test_not_even_a_superuser_may_add_change_or_delete(ada: Client, recorded: Cluster, name: str) -> None:
    assert ada.get(f"/admin/{name}/add/").status_code == 403
    entry = Entry.objects.filter(cluster_id=recorded.pk).first()
    pk = {"log/cluster": recorded.pk, "log/entry": entry.pk if entry else 0}.get(name)
    if pk:
        assert ada.post(f"/admin/{name}/{pk}/change/", {"seq": "7"}).status_code == 403
        assert ada.post(f"/admin/{name}/{pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_change_tells_which_fields_it_altered(ada: Client, recorded: Cluster) -> None:
    restarted = Entry.objects.filter(cluster_id=recorded.pk, resource="pods", type="MODIFIED").order_by("seq")[5]
    html = ada.get(f"/admin/log/entry/{restarted.pk}/change/").content.decode()
    assert "<code>status.containerStatuses[liveness].restartCount</code></td><td><del>0</del></td><td><ins>1</ins>" in html
    assert "resourceVersion</code>" not in html


def test_entries_are_found_by_cluster_kind_object_and_time(ada: Client, recorded: Cluster) -> None:
    def seqs(query: str) -> int:
        html = ada.get(f"/admin/log/entry/?{query}").content.decode()
        return html.count('class="field-seq"')

    everything = Entry.objects.filter(cluster_id=recorded.pk).count()
    pods = Entry.objects.filter(cluster_id=recorded.pk, resource="pods").count()
    assert seqs(f"cluster={recorded.pk}") == everything
    assert seqs("cluster=999999") == 0
    assert seqs("resource=pods") == pods
    assert seqs("kind__exact=trace") == 0
    assert seqs("q=liveness-exec") == everything
    assert seqs("recorded=1h") == everything
    Entry.objects.filter(cluster_id=recorded.pk).update(recorded_at=1)
    assert seqs("recorded=1h") == 0


def test_only_pods_that_are_there_are_listed(ada: Client, recorded: Cluster) -> None:
    assert 'class="field-name"' not in ada.get("/admin/web/pod/").content.decode()
    Entry.objects.filter(cluster_id=recorded.pk, type="DELETED").delete()
    html = ada.get("/admin/web/pod/").content.decode()
    assert html.count('class="field-name"') == 1
    assert 'href="/c/life/pods/liveness-exec/liveness-exec/"' in html


def test_a_long_log_is_not_counted_to_its_end(recorded: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_only, "MOST", 10)
    assert read_only.BoundedPaginator(Entry.objects.order_by("-id"), 5).count == 11


@pytest.mark.parametrize(("model", "shown"), OURS, ids=lambda one: getattr(one, "__name__", ""))
def test_what_the_lists_and_forms_say_is_translated(model: type, shown: admin.ModelAdmin[Cluster]) -> None:
    columns = dict.fromkeys((*shown.list_display, *(shown.fields or ())))
    with translation.override("zh-hans"):
        meta = shown.opts
        words = [str(meta.verbose_name), str(meta.verbose_name_plural), str(meta.app_config.verbose_name)]
        words += [str(label_for_field(column, shown.model, shown)) for column in columns if column not in ("id", "seq")]
    assert [word for word in words if not re.search(r"[\u4e00-\u9fff]|^Pod$", word)] == []


def test_a_request_is_shown_with_its_answer_and_its_moments(ada: Client, recorded: Cluster) -> None:
    values = {"body": '{"verb":"create","resource":"pods"}', "answer": '{"code":201}', "answered_at": 2_000_000, "code": 201}
    queued = QueuedRequest.objects.create(cluster=recorded, submitted_at=1_000_000, **values)
    html = ada.get(f"/admin/runs/queuedrequest/{queued.pk}/change/").content.decode()
    assert "1970-01-01 00:00:01.000000" in html
    assert "1970-01-01 00:00:02.000000" in html
    assert "&quot;verb&quot;: &quot;create&quot;" in html
    assert "&quot;code&quot;: 201" in html


def test_clusters_and_entries_lead_to_what_the_dashboard_shows_of_them(ada: Client, recorded: Cluster) -> None:
    def leads(model: str, pk: int) -> str:
        html = ada.get(f"/admin/log/{model}/{pk}/change/").content.decode()
        found = re.search(r'<a href="([^"]+)" class="viewsitelink"', html)
        assert found
        assert ada.get(found[1]).status_code == 200
        return found[1]

    of_pod = Entry.objects.filter(cluster_id=recorded.pk, resource="pods")[3]
    of_event = Entry.objects.filter(cluster_id=recorded.pk, resource="events")[3]
    assert leads("cluster", recorded.pk) == "/c/life/"
    assert leads("entry", of_pod.pk) == f"/c/life/pods/liveness-exec/liveness-exec/?seq={of_pod.seq}"
    assert leads("entry", of_event.pk) == f"/c/life/?seq={of_event.seq}"


def test_an_administrator_may_revoke_a_token_but_not_alter_it(ada: Client, recorded: Cluster) -> None:
    token, _ = Token.make(User.objects.create_user("bob"), "ci")
    page = f"/admin/access/token/{token.pk}/"
    assert ada.post(f"{page}change/", {"name": "other"}).status_code == 403
    assert ada.post(f"{page}delete/", {"post": "yes"}).status_code == 302
    assert not Token.objects.exists()
