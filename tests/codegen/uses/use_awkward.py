"""Typed use of the app `awkward`."""

from awkward_client import AsyncAwkwardTitle, AwkwardTitle


def use(app: AwkwardTitle) -> None:
    methods = [
        app.class_,
        app.list_,
        app.str_,
        app._init,
        app._value_,
        app.connect_,
        app.client_,
        app.close_,
        app.my_fn,
        app.my_fn_2,
        app._1st,
        app.Größe,
        app.match,
        app.self,
        app.Any_,
        app.DEFAULT_,
    ]
    for method in methods:
        result = method("v", "w")
        assert result[0].startswith("('v', 'w', 'v'")
        assert result.index_ == result[0]
        assert result.index_2 == "x"
    assert app.told("a", "b", "c", "d") == "ab"


async def use_async(app: AsyncAwkwardTitle) -> None:
    result = await app.class_()
    assert result.index_.startswith("('v'")
    assert await app.told(self_="a", str="b", list="c", type="d") == "ab"
