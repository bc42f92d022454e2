"""How far it is: rates and what is left, by a clock of the test's."""

from __future__ import annotations

from gradwire.batch.progress import Meter, TableProgress


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_rate_and_eta() -> None:
    clock, told = Clock(), list[TableProgress]()
    meter = Meter(1000, 100, 0, told.append, clock)
    assert (meter.now().rate, meter.now().eta) == (None, None)
    for _ in range(100):
        clock.now += 0.1
        meter.count(done=True, in_flight=4)
    now = meter.now()
    assert (now.finished, now.in_flight, now.seconds) == (200, 4, clock.now)
    assert abs((now.rate or 0) - 10) < 1e-6
    assert abs((now.eta or 0) - 80) < 1e-6


def test_the_rate_is_that_of_the_last_minute() -> None:
    clock = Clock()
    meter = Meter(10_000, 0, 0, None, clock)
    for seconds in (1.0,) * 200 + (0.1,) * 1200:
        clock.now += seconds
        meter.count(done=True, in_flight=0)
    assert 9.9 < (meter.now().rate or 0) < 10.1


def test_nobody_is_told_more_often_than_somebody_can_look() -> None:
    clock, told = Clock(), list[TableProgress]()
    meter = Meter(10_000, 0, 0, told.append, clock)
    for number in range(1000):
        clock.now += 0.001
        meter.count(done=number % 2 == 0, in_flight=1)
    assert 9 <= len(told) <= 11
    meter.tell()
    assert (told[-1].done, told[-1].failed) == (500, 500)
