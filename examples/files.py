"""Send files from a path, from memory and from an open file; fetch one back.

python examples/files.py [URL]
"""

import struct
import tempfile
import zlib
from pathlib import Path

from _app import app_address

from gradwire import Client, TransferProgress, handle_file


def make_png(width: int, height: int) -> bytes:
    """Make a picture without any library."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    line = b"\0" + b"".join(bytes((255 * x // width, 80, 160)) for x in range(width))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(line * height)
    parts = [chunk(b"IHDR", head), chunk(b"IDAT", pixels), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def show(progress: TransferProgress) -> None:
    print(f"{progress.name}: {progress.done:,} of {progress.total or 0:,} bytes")


with app_address() as address, tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "picture.png")
    path.write_bytes(make_png(300, 200))

    with Client.connect(address, download_dir=folder) as client:
        negative = client.predict("/invert", image=path).value  # a pathlib.Path is a file
        client.predict("/invert", image=handle_file(path.read_bytes(), name="from-memory.png"))
        with path.open("rb") as file:
            client.predict("/invert", image=file)
        client.predict("/invert", image=handle_file(path, on_progress=show))
        client.predict("/invert", image=negative)  # an output is an input without coming down

        print(f"the app's file: {negative.orig_name}, at {negative.url}")
        print(f"in memory: {len(negative.read()):,} bytes")
        print(f"on disk: {negative.download(on_progress=show).name}")
