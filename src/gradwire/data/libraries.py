"""Libraries that users may have: looked for, and loaded only on request.

A value of a library exists only where that library is loaded. So what goes into a call is looked
up in `sys.modules`, and nothing is imported for it. On the way back the user asks for a library's
object by name: that is when it is imported.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from gradwire.errors import MissingLibraryError

_PACKAGES = {"PIL.Image": "pillow"}


def kind(module: str, name: str) -> Any:
    """Return a class of a library, to be used with `isinstance`; `()` if it is not loaded."""
    return getattr(sys.modules.get(module), name, ())


def needed(module: str, purpose: str) -> Any:
    """Import a library that the user has asked for.

    Args:
        module: Its name.
        purpose: What it is needed for, to follow "is needed".

    Raises:
        MissingLibraryError: It is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        package = _PACKAGES.get(module, module)
        raise MissingLibraryError(
            f"{package} is needed {purpose}: pip install {package}"
        ) from error
