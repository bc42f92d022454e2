"""Tests of engines that run on several machines."""

from __future__ import annotations

from leaks import nothing_is_left  # noqa: F401
