"""The values of an app as HTML."""

from __future__ import annotations

from typing import Any

import pytest

from gradwire import FileData
from gradwire.data.fetched import show_with_files
from gradwire.data.kernel import in_kernel
from gradwire.data.page import outputs_html, shown_files

NASTY = "</pre><script>alert(1)</script>\x1b[31m\u202e$x$"
PIXEL = FileData("a.png", url="data:image/png;base64,AAAA", mime_type="image/png")


def test_texts_and_numbers() -> None:
    assert ">two\nlines</pre>" in outputs_html(["two\nlines"])
    assert ">1.5</pre>" in outputs_html([1.5])
    assert ">null</pre>" in outputs_html([None])
    assert "[0]" in outputs_html(["a", "b"])
    assert "[0]" not in outputs_html(["a"])


def test_a_table() -> None:
    html = outputs_html([{"headers": ["a", 2], "data": [[1, None], ["<b>", True]] * 30}])
    assert "<th>a</th><th>2</th>" in html
    assert ">&lt;b&gt;</td>" in html
    assert html.count("<tr>") == 31
    assert "… 30 rows more" in html


def test_a_chat() -> None:
    html = outputs_html([[{"role": "user", "content": "hi"}, {"role": "bot", "content": PIXEL}]])
    assert "<b>user</b>" in html
    assert "<img src=" in html


def test_galleries_and_files_in_objects() -> None:
    html = outputs_html([[{"image": PIXEL, "caption": "first"}, {"image": PIXEL}]])
    assert html.count("<img") == 2
    assert "first" in html
    assert outputs_html([[PIXEL] * 20]).count("<img") == 20
    assert "<img" in outputs_html([{"cover": PIXEL, "n": 1}])
    assert len(shown_files([[FileData(f"{n}.png") for n in range(100)]])) == 12


def test_long_values_are_cut() -> None:
    html = outputs_html(["x" * 1_000_000])
    assert len(html) < 25_000
    assert "980,000 characters more" in html
    assert "items more" in outputs_html([[PIXEL] * 60])


@pytest.mark.parametrize(
    "value",
    [
        NASTY,
        [NASTY],
        {NASTY: NASTY},
        {"headers": [NASTY], "data": [[NASTY], [{NASTY: 1}]]},
        [{"role": NASTY, "content": NASTY}],
        [{NASTY: PIXEL}],
        {NASTY: PIXEL, "b": NASTY},
        FileData(NASTY, orig_name=NASTY, mime_type=NASTY, alt_text=NASTY),
    ],
)
def test_words_of_a_server_are_only_words(value: Any) -> None:
    html = outputs_html([value])
    assert "<script" not in html
    assert not {"\x1b", "\u202e", "$"} & set(html)


def test_outside_of_a_notebook_nothing_is_shown_later() -> None:
    assert not in_kernel()
    with pytest.raises(NotImplementedError):
        show_with_files(PIXEL, [PIXEL])
