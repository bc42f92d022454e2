"""On whose quota a ZeroGPU Space runs: that of the person who uses the app which calls it.

A Gradio app on Hugging Face gets that person's `x-ip-token` with each request. Called from inside
such an app, the client hands it on, for this one call: the next caller is somebody else.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

HEADER = "x-ip-token"


def caller_headers() -> dict[str, str]:
    """Return the header that names the person for whom this code runs; none if there is nobody.

    Gradio keeps the request that it answers in a context variable. Where Gradio is not loaded, this
    is not a Gradio app.
    """
    local = getattr(sys.modules.get("gradio.context"), "LocalContext", None)
    variable = getattr(local, "request", None)
    if variable is None:
        return {}
    headers = getattr(variable.get(None), "headers", None)
    if not isinstance(headers, Mapping):
        headers = getattr(headers, "headers", None)  # gr.Request wraps those of Starlette
    token = headers.get(HEADER) if isinstance(headers, Mapping) else None
    return {HEADER: token} if isinstance(token, str) and token else {}
