"""Image names as containerd understands them."""

from __future__ import annotations

import pytest

from lifecycle.runtime.names import InvalidReference, normalize

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("busybox", "docker.io/library/busybox:latest"),
        ("busybox:1.28", "docker.io/library/busybox:1.28"),
        ("ikubernetes/demoapp:v1.0", "docker.io/ikubernetes/demoapp:v1.0"),
        ("registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10"),
        ("localhost:5000/a/b", "localhost:5000/a/b:latest"),
        ("localhost/a", "localhost/a:latest"),
        ("docker.io/nginx", "docker.io/library/nginx:latest"),
        (f"nginx@{DIGEST}", f"docker.io/library/nginx@{DIGEST}"),
    ],
)
def test_short_names_become_whole(image: str, name: str) -> None:
    assert normalize(image) == name


@pytest.mark.parametrize(
    ("image", "text"),
    [
        ("Busybox::Latest", "invalid reference format: repository name (library/Busybox) must be lowercase"),
        ("nginx:", "invalid reference format"),
        ("ngi nx", "invalid reference format"),
        ("a" * 64, "invalid repository name"),
        ("nginx:-x", "invalid reference format"),
    ],
)
def test_what_is_no_name_is_told_in_dockers_words(image: str, text: str) -> None:
    with pytest.raises(InvalidReference, match=text.replace("(", r"\(").replace(")", r"\)")):
        normalize(image)
