"""Typed use of the app `calculator`."""

from typing import Literal

import pytest
from calculator_client import AsyncCalculator2000, CalculateResult, Calculator2000

from gradwire import AppError


def use(app: Calculator2000) -> None:
    operation: Literal["multiply"] = "multiply"
    result: CalculateResult = app.calculate(left=6, operation=operation, right=7)
    number: float = result.result
    said: str = result.said
    flag: bool = result.count_
    assert (number, said, flag) == (42, "6 multiply 7", False)
    total, _, _ = app.calculate(1)
    assert total == 2
    with pytest.raises(AppError, match="zero"):
        app.calculate(1, "divide", 0)


async def use_async(app: AsyncCalculator2000) -> None:
    result: CalculateResult = await app.calculate(left=6, operation="subtract")
    assert result.result == 5
