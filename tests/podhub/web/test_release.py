"""The name of a release in URLs that browsers keep for ever."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from podhub.web.release import RENDERED_BY, release


def released(settings: Any, base: Path) -> str:
    settings.BASE_DIR = base
    release.cache_clear()
    try:
        return release()
    finally:
        release.cache_clear()


def test_a_release_is_called_otherwise_when_a_template_has_changed(tmp_path: Path, settings: Any) -> None:
    base = settings.BASE_DIR
    for folder in RENDERED_BY:
        shutil.copytree(Path(base, folder), tmp_path / folder)
    assert released(settings, tmp_path) == released(settings, base)
    page = next((tmp_path / "templates").rglob("*.html"))
    page.write_text(page.read_text() + " ")
    assert released(settings, tmp_path) != released(settings, base)
