"""The dashboard's addresses. `/clusters/` is the Kubernetes API's."""

from __future__ import annotations

from django.contrib.auth import views as auth_views
from django.urls import path
from django.views.i18n import set_language

from podhub.web.views import (
    apply,
    changes,
    clusters,
    comparisons,
    events,
    exports,
    forks,
    nodes,
    pods,
    printed,
    services,
    site,
    tokens,
    why,
)

urlpatterns = [
    path("", clusters.index, name="clusters"),
    path("new/", clusters.create, name="cluster-new"),
    path("import/", clusters.import_recording, name="cluster-import"),
    path("c/<str:cluster_name>/", clusters.show, name="cluster"),
    path("c/<str:cluster_name>/drop/", clusters.drop, name="cluster-drop"),
    path("c/<str:cluster_name>/export/", exports.cluster, name="cluster-export"),
    path("c/<str:cluster_name>/fork/", forks.fork, name="cluster-fork"),
    path("c/<str:cluster_name>/speed/", clusters.speed, name="cluster-speed"),
    path("c/<str:cluster_name>/apply/", apply.apply, name="apply"),
    path("c/<str:cluster_name>/events/", events.show, name="events"),
    path("c/<str:cluster_name>/events/moment/", events.moment, name="events-moment"),
    path("c/<str:cluster_name>/nodes/", nodes.index, name="nodes"),
    path("c/<str:cluster_name>/nodes/<str:name>/", nodes.show, name="node"),
    path("c/<str:cluster_name>/nodes/<str:name>/moment/", nodes.moment, name="node-moment"),
    path("c/<str:cluster_name>/nodes/<str:name>/changes/", changes.show, {"resource": "nodes"}, name="node-changes"),
    path("c/<str:cluster_name>/nodes/<str:name>/yaml/", printed.yaml, {"resource": "nodes"}, name="node-yaml"),
    path("c/<str:cluster_name>/pods/<str:namespace>/<str:name>/", pods.show, name="pod"),
    path("c/<str:cluster_name>/pods/<str:namespace>/<str:name>/moment/", pods.moment, name="pod-moment"),
    path(
        "c/<str:cluster_name>/pods/<str:namespace>/<str:name>/changes/", changes.show, {"resource": "pods"}, name="pod-changes"
    ),
    path("c/<str:cluster_name>/pods/<str:namespace>/<str:name>/yaml/", printed.yaml, {"resource": "pods"}, name="pod-yaml"),
    path("c/<str:cluster_name>/pods/<str:namespace>/<str:name>/delete/", pods.delete, name="pod-delete"),
    path("c/<str:cluster_name>/pods/<str:namespace>/<str:name>/compare/", comparisons.compare, name="pod-compare"),
    path("c/<str:cluster_name>/pods/<str:namespace>/<str:name>/export/", exports.pod, name="pod-export"),
    path("c/<str:cluster_name>/services/", services.index, name="services"),
    path("c/<str:cluster_name>/services/<str:namespace>/<str:name>/", services.show, name="service"),
    path("c/<str:cluster_name>/services/<str:namespace>/<str:name>/moment/", services.moment, name="service-moment"),
    path(
        "c/<str:cluster_name>/services/<str:namespace>/<str:name>/changes/",
        changes.show,
        {"resource": "services"},
        name="service-changes",
    ),
    path(
        "c/<str:cluster_name>/services/<str:namespace>/<str:name>/yaml/",
        printed.yaml,
        {"resource": "services"},
        name="service-yaml",
    ),
    path("c/<str:cluster_name>/why/<int:seq>/", why.show, name="why"),
    path("tokens/", tokens.tokens, name="tokens"),
    path("tokens/<int:pk>/revoke/", tokens.revoke, name="token-revoke"),
    path("healthz", site.healthz),
    path("theme/", site.theme, name="theme"),
    path("language/", set_language, name="set_language"),
    path("login/", site.Login.as_view(), name="login"),
    path("password/", site.PasswordChange.as_view(), name="password"),
    path("logout/", auth_views.LogoutView.as_view(), name="logout"),
]
