"""Names of files: made safe for this machine, made free, and what their extension says.

A server names the files that it offers, and a name is not to be trusted: it may point out of the
folder, be a device on Windows, or show itself in another order than it has.
"""

from __future__ import annotations

import itertools
import mimetypes
import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

MAX_NAME_BYTES = 255
"""Bytes in UTF-8 that one name may have on every usual file system."""

_MAX_EXTENSION_BYTES = 32
_INVISIBLE = {
    *"\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",  # text direction
    *"\u2028\u2029\ufeff",  # line and paragraph separators, byte order mark
}
_FORBIDDEN = re.compile(r'[<>:"|?*]')
_DRIVE = re.compile(r"^[A-Za-z]:")
_RESERVED = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\.|$)", re.IGNORECASE
)

# What `mimetypes` knows depends on the machine; these are common in apps and missing on some.
_MIME_TYPES = {
    ".avif": "image/avif",
    ".flac": "audio/flac",
    ".glb": "model/gltf-binary",
    ".heic": "image/heic",
    ".m4a": "audio/mp4",
    ".md": "text/markdown",
    ".mkv": "video/x-matroska",
    ".opus": "audio/ogg",
    ".weba": "audio/webm",
    ".webp": "image/webp",
}
_ENCODINGS = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}


def safe_filename(name: str, fallback: str = "file") -> str:
    r"""Turn a name that a server gave into one that is safe to create in a folder.

    The result has no folder, drive, control or direction character, no character or device name
    that Windows refuses, does not begin with a dot (a server shall not place a `.bashrc`), and fits
    into `MAX_NAME_BYTES`. Percent signs stay as they are: decode a URL before.

    Args:
        name: Any text, with `/` or `\` as separators.
        fallback: What to return if nothing is left of `name`; must be safe itself.

    Returns:
        The last part of `name`, changed where it had to be.
    """
    last = _DRIVE.sub("", re.split(r"[/\\]", _visible(name))[-1])
    clean = _FORBIDDEN.sub("_", last).strip().rstrip(". ")
    if not clean:
        return fallback
    # First, and with room for the `_`: cutting can make a device name of "con   …   x.txt".
    clean = fit_name(clean, MAX_NAME_BYTES - 1)
    return f"_{clean}" if clean.startswith(".") or _RESERVED.match(clean) else clean


def _visible(text: str) -> str:
    """Drop control and direction characters; half a surrogate pair becomes `_`."""
    kept = "".join(c for c in text if unicodedata.category(c) != "Cc" and c not in _INVISIBLE)
    return kept.encode("utf-8", "replace").decode().replace("?", "_")


def fit_name(name: str, limit: int = MAX_NAME_BYTES) -> str:
    """Shorten a name to `limit` bytes of UTF-8, keeping its extension and cutting no character."""
    if len(name.encode()) <= limit:
        return name
    stem, extension = split_extension(name)
    room = limit - len(extension.encode())
    # An end that is cut off can lay bare a dot or a space, which Windows drops.
    return stem.encode()[:room].decode(errors="ignore").rstrip(". ") + extension


def split_extension(name: str) -> tuple[str, str]:
    """Split `"a.tar.gz"` into `("a", ".tar.gz")`; what is too long for an extension is none."""
    stem, extension = os.path.splitext(name)
    if stem.lower().endswith(".tar") and len(stem) > len(".tar"):
        stem, extension = stem[:-4], stem[-4:] + extension
    if len(extension.encode()) > _MAX_EXTENSION_BYTES:
        return name, ""
    return stem, extension


def free_names(folder: Path, name: str) -> Iterator[Path]:
    """Yield places for a file, endlessly: `name.ext`, `name (1).ext`, `name (2).ext`.

    Nothing is looked up: create each exclusively (`open(path, "xb")`) and take the next where that
    fails, so that two downloads at the same time never take the same name.

    Args:
        folder: Where the file shall be.
        name: A safe name, see `safe_filename`.
    """
    yield folder / name
    stem, extension = split_extension(name)
    for number in itertools.count(1):
        tail = f" ({number}){extension}"
        room = MAX_NAME_BYTES - len(tail.encode())
        yield folder / (stem.encode()[:room].decode(errors="ignore") + tail)


def guess_mime_type(name: str) -> str | None:
    """Return the MIME type that the extension of `name` says, or None."""
    extension = os.path.splitext(name)[1].lower()
    if extension in _MIME_TYPES:
        return _MIME_TYPES[extension]
    # The name is given without its stem: `mimetypes` would read "data:" in front as a URL.
    mime_type, encoding = mimetypes.guess_type(f"x{split_extension(name)[1]}", strict=False)
    return _ENCODINGS.get(encoding) if encoding else mime_type
