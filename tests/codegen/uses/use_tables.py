"""Typed use of the app `tables`."""

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import polars as pl
from tables_client import AsyncTables, DataframeData, Tables

from gradwire import to_frame


def use(app: Tables) -> None:
    frame = pl.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    result = app.describe(frame)
    table: DataframeData = result.table
    assert table["headers"] == ["a", "b"]
    assert to_frame(table, "polars").equals(frame)
    assert app.describe(table).rows == 2
    assert app.describe(pd.DataFrame({"a": [1]})).rows == 1
    assert app.describe(np.eye(3)).rows == 3
    assert app.describe().rows >= 0


async def use_async(app: AsyncTables) -> None:
    assert (await app.describe({"headers": ["x"], "data": [[1], [2]]})).rows == 2
