"""Draw the screens that the README shows: docs/pictures/*.svg.

    .venv/bin/python scripts/pictures.py

The commands run in a pseudo-terminal against the demo app; what they print is drawn by rich.
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from gradwire.cli.demo import running_app

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "pictures"
COMMAND = str(Path(sys.executable).parent / "gradwire")
COLUMNS = 84
SHOWN = "127.0.0.1:7860"
# How a live display moves: to the line's start, up, away with the line.
_MOVES = re.compile(r"(\r|\n|\x1b\[1A|\x1b\[2K|\x1b\[\?25[lh])")


def settled(printed: str) -> str:
    """Return the lines that stand on the terminal after all that was printed."""
    lines, row = [""], 0
    for part in _MOVES.split(printed):
        if part == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif part == "\x1b[1A":
            row -= 1
        elif part == "\x1b[2K":
            lines[row] = ""
        elif not part.startswith(("\r", "\x1b[?25")):
            lines[row] += part
    return "\n".join(lines).rstrip()


def recorded(words: list[str], folder: str, until: str | None = None) -> str:
    """Return what a command prints on a terminal; with `until`, what stands there at that time."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 60, COLUMNS, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    environment.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [COMMAND, *words], stdin=slave, stdout=slave, stderr=slave, cwd=folder, env=environment
    )
    os.close(slave)
    printed = ""
    while until is None or not re.search(until, settled(printed)):
        select.select([master], [], [])
        try:
            data = os.read(master, 65536)
        except OSError:  # the end of the other side
            break
        printed += data.decode(errors="replace")
        if not data:
            break
    if until is not None:
        process.kill()
    process.wait()
    os.close(master)
    return settled(printed)


def draw(name: str, url: str, *shots: tuple[str, str]) -> None:
    """Draw commands and what they printed, one below the other."""
    console = Console(
        record=True,
        width=COLUMNS,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
    )
    place = url.removeprefix("http://")
    for number, (command, printed) in enumerate(shots):
        prompt = f"{chr(10) if number else ''}$ {command}".replace(place, SHOWN)
        console.print(prompt, style="bold", highlight=False, markup=False)
        console.print(Text.from_ansi(printed.replace(place, SHOWN)))
    path = FOLDER / f"{name}.svg"
    svg = console.export_svg(title="gradwire", theme=MONOKAI, unique_id=f"gradwire-{name}")
    # No fonts from elsewhere: a page that shows the picture should ask nobody.
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    path.write_text(re.sub(r"[ \t]+\n", "\n", svg), encoding="utf-8")
    print(path.relative_to(FOLDER.parent.parent))


def main() -> None:
    """Draw all pictures."""
    from PIL import Image

    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running_app() as url:
        Image.new("RGB", (640, 480), (200, 10, 90)).save(Path(folder, "photo.png"))

        def shot(words: str, until: str | None = None) -> tuple[str, str]:
            command = words.replace("APP", url)
            return f"gradwire {command}", recorded(command.split(), folder, until)

        draw("view", url, shot("view APP"))
        draw(
            "predict",
            url,
            shot("predict APP /greet name=Ada excited=true"),
            shot("predict APP /train steps=8", "5/8 steps"),
            shot("predict APP /greet nam=Ada"),
        )
        draw("stream", url, shot("stream APP /tell"))
        draw("doctor", url, shot("doctor APP"), shot("doctor http://127.0.0.1:9"))


if __name__ == "__main__":
    main()
