"""Words of a server, made safe."""

from __future__ import annotations

from gradwire.app.words import clean


def test_clean() -> None:
    assert clean("a\n\t b\u2028c") == "a b c"
    assert clean("\x1b[31m") == "\\x1b[31m"
    assert clean("👩\u200d🚀 ü 输入") == "👩\u200d🚀 ü 输入"
