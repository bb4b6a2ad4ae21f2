"""What kubectl prints of an object, as text, at each moment."""

from __future__ import annotations

import pytest
import yaml
from django.test import Client

from podhub.log.models import Cluster

POD = "/c/life/pods/liveness-exec/liveness-exec/"


def test_the_yaml_of_a_moment_is_the_object_as_it_was(recorded: Cluster, client: Client) -> None:
    counts = []
    for at in ("50s", "100s"):
        answer = client.get(f"{POD}yaml/", {"at": at})
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        pod = yaml.safe_load(answer.content)
        assert pod["kind"] == "Pod"
        assert "managedFields" not in pod["metadata"]
        counts.append(pod["status"]["containerStatuses"][0]["restartCount"])
    assert counts == [0, 1]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (f"{POD}yaml/?at=10ms", 'pods "liveness-exec" not found'),
        ("/c/life/pods/default/nobody/yaml/", 'pods "nobody" not found'),
        ("/c/life/nodes/nobody/yaml/", 'nodes "nobody" not found'),
        ("/c/life/services/default/nobody/yaml/", 'services "nobody" not found'),
    ],
)
def test_what_is_not_there_is_said_in_kubectl_s_words(recorded: Cluster, client: Client, path: str, said: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.content.decode() == f"Error from server (NotFound): {said}\n"
