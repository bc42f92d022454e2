"""A file as HTML, for notebooks: pictures, sounds and videos to look at, all else as a link.

A file stands in the page itself, as a `data:` URL, only where its content is here and small. A page
is never made to fetch a picture from an address that a server has named.
"""

from __future__ import annotations

import base64
import mimetypes
import re
from pathlib import Path
from typing import TYPE_CHECKING

from gradwire.app.markup import escaped
from gradwire.app.words import bytes_text
from gradwire.data.old_files import content_of, is_data_url
from gradwire.data.urls import is_http_url
from gradwire.errors import DownloadError, redact_url

if TYPE_CHECKING:
    from gradwire.data.files import FileData

SMALL = 2_000_000
"""Bytes up to which a file may stand in a page, which is kept with the notebook."""
_SHOWN = re.compile(r"(image|audio|video)/[a-z0-9][a-z0-9.+-]*")


def media_type(file: FileData) -> str | None:
    """Return the type of a picture, sound or video; None: it is none that a page could show."""
    name = file.orig_name or file.path
    found = (file.mime_type or mimetypes.guess_type(name, strict=False)[0] or "").lower()
    return found if _SHOWN.fullmatch(found) and not file.is_stream else None


def may_be_small(file: FileData) -> bool:
    """Tell whether a file is worth being shown in the page itself, as far as is known."""
    return media_type(file) is not None and (file.size is None or file.size <= SMALL)


def content_here(file: FileData) -> bytes | None:
    """Return what is to be shown of a file whose content is on this side, without a request.

    That of a `data:` URL, or of a file of this machine before its upload. None: it is elsewhere,
    too large, or not to be shown.
    """
    if not may_be_small(file):
        return None
    if is_data_url(file.url):
        try:
            content = content_of(file.url)
        except DownloadError:
            return None
        return content if len(content) <= SMALL else None
    return None if file.url is not None or is_http_url(file.path) else _local(file.path)


def _local(path: str) -> bytes | None:
    """Read a picture of this machine; its own name must say that it is one, whoever else does."""
    guessed = mimetypes.guess_type(path, strict=False)[0] or ""
    try:
        if not _SHOWN.fullmatch(guessed) or not 0 < Path(path).stat().st_size <= SMALL:
            return None
        return Path(path).read_bytes()
    except (OSError, ValueError):
        return None


def file_html(file: FileData, content: bytes | None = None) -> str:
    """Return a file as HTML.

    Args:
        file: What is shown; its words are a server's.
        content: What is to stand in the page itself; None: a link.
    """
    kind = media_type(file)
    tag = "" if kind is None else kind.partition("/")[0]
    address = _address(file)
    if content and kind is not None:
        url = f"data:{kind};base64,{base64.b64encode(content).decode()}"
        return f"<div>{_element(tag, url, file)}<br>{_caption(file, address)}</div>"
    if address and tag in ("audio", "video"):
        # Nothing is fetched before somebody presses the button.
        return f"<div>{_element(tag, address, file)}<br>{_caption(file, address)}</div>"
    return f"<div>{_caption(file, address)}</div>"


def _element(tag: str, url: str, file: FileData) -> str:
    if tag == "image":
        about = escaped(file.alt_text or file.orig_name or "")
        return f'<img src="{url}" alt="{about}" style="max-width:100%;max-height:480px">'
    style = ' style="max-width:100%;max-height:480px"' if tag == "video" else ""
    return f'<{tag} controls preload="none" src="{escaped(url)}"{style}></{tag}>'


def _address(file: FileData) -> str | None:
    url = file.url or file.path
    return redact_url(url) if is_http_url(url) else None


def _caption(file: FileData, address: str | None) -> str:
    name = escaped(file.orig_name or re.split(r"[/\\]", file.path)[-1] or "file")
    if address is not None:
        link = f'href="{escaped(address)}" target="_blank" rel="noopener noreferrer"'
        name = f"<a {link}>{name}</a>"
    size = "" if file.size is None else bytes_text(file.size)
    facts = ", ".join(escaped(fact) for fact in (file.mime_type, size) if fact)
    return f'{name} <small style="opacity:.7">{facts}</small>'
