from __future__ import annotations

import pytest

from lifecycle.apiserver.refused import Refused
from podhub.api.discovery import wants_aggregated
from podhub.api.negotiation import Wanted, wanted

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", Wanted()),
        ("*/*", Wanted()),
        ("application/vnd.kubernetes.protobuf,application/json", Wanted()),
        (f"{TABLE},application/json", Wanted(form="Table")),
        ("application/json;as=Table;v=v9;g=meta.k8s.io,application/json", Wanted()),
        ("application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io", Wanted(form="PartialObjectMetadata")),
        ("application/yaml", Wanted("application/yaml")),
    ],
)
def test_the_first_form_that_is_served_is_taken(accept: str, form: Wanted) -> None:
    assert wanted(accept) == form


def test_what_is_not_served_is_not_acceptable() -> None:
    with pytest.raises(Refused) as refused:
        wanted("text/html")
    assert refused.value.status.code == 406


def test_the_aggregated_discovery_is_given_to_those_who_ask_for_it_first() -> None:
    aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    assert wants_aggregated(f"{aggregated},application/json")
    assert not wants_aggregated("application/json")
    assert not wants_aggregated(f"application/json,{aggregated}")
