"""Typed use of the app `values`."""

from datetime import date, datetime

from values_client import App, AsyncApp


def use(app: App) -> None:
    assert app.keep("one") == "one"
    assert app.keep("two") == "one two"
    app.nothing()
    assert app.moment(datetime(2024, 1, 2, 3, 4, 5)) == "2024-01-02 03:04:05"
    assert app.day(date(2024, 1, 2)) == "2024-01-02"
    assert app.colour("#ff0000") == "#ff0000"
    assert app.code("x = 1") == "x = 1"
    assert app.loose({"a": [1, None]}) == {"a": [1, None]}
    assert app.marked("**b**") == "**b**"
    assert not hasattr(app, "hidden")


async def use_async(app: AsyncApp) -> None:
    assert await app.keep("one") == "one"
    await app.nothing()
