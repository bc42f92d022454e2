"""Every Python block of the README and of docs/ runs, against the demo app.

Those of docs/ray.md, which start Ray, run in `tests/cluster`.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "http://127.0.0.1:7860"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page: Path) -> list[tuple[int, str, str]]:
    """Return line, language and text of each fenced block."""
    text = page.read_text(encoding="utf-8")
    return [
        (text[: found.start()].count("\n") + 2, found[1], found[2])
        for found in _BLOCK.finditer(text)
    ]


PYTHON = [
    pytest.param(page, line, source, id=f"{page.stem}-{line}")
    for page in PAGES
    for line, language, source in blocks(page)
    if language == "python" and page.stem != "ray"
]


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder with the files that the texts speak of."""
    from PIL import Image

    Image.new("RGB", (40, 30), (200, 10, 90)).save(tmp_path / "photo.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("workplace")
@pytest.mark.parametrize(("page", "line", "source"), PYTHON)
def test_a_block_runs(page: Path, line: int, source: str, demo_url: str) -> None:
    padded = "\n" * (line - 1) + source.replace(ADDRESS, demo_url)  # errors name the page's line
    exec(compile(padded, str(page), "exec"), {"__name__": "__main__"})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_blocks_have_a_language(page: Path) -> None:
    assert all(language for _, language, _ in blocks(page))


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=lambda page: page.stem)
def test_links_lead_to_files(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", text)
    assert [target for target in targets if not (page.parent / target).exists()] == []
