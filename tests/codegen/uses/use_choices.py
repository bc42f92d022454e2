"""Typed use of the app `choices`."""

from choices_client import AsyncChoices, Choices


def use(app: Choices) -> None:
    words = "a rather long choice, number 0"
    assert app.choose() == repr(("a", words, "x", 1, 0.5, ["p"], [], "only", "one"))
    chosen = app.choose(
        'with "quotes"',
        "a rather long choice, number 59",
        "my own",
        2,
        1.5,
        ["q", "r"],
        ["u", "v"],
        "only",
        param_8="two",
    )
    assert chosen == repr(
        (
            'with "quotes"',
            words[:-1] + "59",
            "my own",
            2,
            1.5,
            ["q", "r"],
            ["u", "v"],
            "only",
            "two",
        )
    )
    assert "back" in app.choose("back\\slash")


async def use_async(app: AsyncChoices) -> None:
    assert await app.choose("it's") == (await app.choose(param_0="it's"))
