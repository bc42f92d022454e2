"""Files in shell commands: what stands for one in a call's JSON, and the lines that fetch it there.

Releases of 3.x take pictures as their content, and other files by a name of their own; how this
library does it is in `data/old_files.py`.
"""

from __future__ import annotations

import shlex
from typing import Any

from gradwire.app.config import Config
from gradwire.app.example import NO_PATH
from gradwire.data.files import FILE_TYPE

_UPLOADED, _CONTENT = "$FILE", "$CONTENT"


def file_value(config: Config, path: str, *, picture: bool) -> Any:
    """Return what a server takes for a file.

    Args:
        config: The app's.
        path: An address, or `NO_PATH`. A server of 3.x fetches nothing: there it is `NO_PATH`.
        picture: Whether it goes into a `gr.Image` of 3.x.
    """
    if not config.is_old:
        where = _UPLOADED if path == NO_PATH else path
        return {"path": where, "meta": {"_type": FILE_TYPE}}
    if picture:
        return f"data:image/png;base64,{_CONTENT}"
    if not config.takes_uploads:
        return {"name": "file", "data": f"data:application/octet-stream;base64,{_CONTENT}"}
    return {"name": _UPLOADED, "orig_name": "file", "is_file": True, "data": None}


def file_lines(body: str, upload: str) -> list[str]:
    """Return the lines that set the variables which stand in a body.

    Args:
        body: JSON.
        upload: The command that uploads files, without naming any.
    """
    lines = []
    if f'"{_UPLOADED}"' in body:
        sed = "sed 's/^\\[\"\\(.*\\)\"\\]$/\\1/'"
        lines.append(f"FILE=$({upload} -F files=@{NO_PATH} | {sed})")
    if _holds_content(body):
        lines.append(f"CONTENT=$(base64 < {NO_PATH} | tr -d '\\n')")
    return lines


def _holds_content(body: str) -> bool:
    return f';base64,{_CONTENT}"' in body


def data_option(body: str) -> tuple[str, str]:
    """Return what stands before curl, and its option for a body: JSON with variables filled in.

    The content of a file is too long for a command line; then curl reads the body from a pipe.
    """
    quoted = shlex.quote(body)
    for key in ("path", "name"):
        quoted = quoted.replace(f'"{key}": "{_UPLOADED}"', f'"{key}": "\'"{_UPLOADED}"\'"')
    if not _holds_content(body):
        return "", f"-d {quoted}"
    quoted = quoted.replace(f';base64,{_CONTENT}"', f';base64,\'"{_CONTENT}"\'"')
    return f"printf %s {quoted} |\n  ", "-d @-"
