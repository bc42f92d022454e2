"""Prepare the Gradio servers that the tests talk to.

Each version in ``tests/servers/pins`` gets a virtual environment of its own,
``.servers/<version>``,
with exactly the packages of its pin file. An environment that is already complete is left alone:
a stamp in it holds a hash of the pins that it was made from.

    python scripts/servers.py 4.44.1 6.31.0     # these
    python scripts/servers.py --subset          # the ones `make test` needs
    python scripts/servers.py --all             # every version there are pins for
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "tests" / "servers" / "pins"
SERVERS = ROOT / ".servers"

#: One server per dialect, the last Gradio 4, and the newest.
SUBSET = (PINS.parent / "subset.txt", PINS.parent / "old.txt")

#: The one Python on which every pinned version has wheels.
PYTHON = "3.11"


class SetupError(Exception):
    """An environment could not be made; the message says what to do."""


def known_versions() -> tuple[str, ...]:
    """Return every version that has pins, oldest first."""
    names = (path.stem for path in PINS.glob("*.txt"))
    return tuple(sorted(names, key=lambda name: [int(part) for part in name.split(".")]))


def python_of(version: str) -> Path:
    """Return where the interpreter of a version's environment is, whether it exists or not."""
    folder = "Scripts" if os.name == "nt" else "bin"
    return SERVERS / version / folder / ("python.exe" if os.name == "nt" else "python")


def fingerprint(version: str) -> str:
    """Return the stamp that a complete environment of this version carries."""
    pins = (PINS / f"{version}.txt").read_bytes()
    return hashlib.sha256(PYTHON.encode() + b"\n" + pins).hexdigest()


def is_ready(version: str) -> bool:
    """Tell whether the environment exists and was made from the pins as they are now."""
    stamp = SERVERS / version / ".pins-sha256"
    return (
        python_of(version).exists()
        and stamp.is_file()
        and stamp.read_text(encoding="ascii").strip() == fingerprint(version)
    )


def find_uv(given: str | None = None) -> str:
    """Find uv: the one given, the one beside this interpreter, or the first on the PATH."""
    beside = Path(sys.executable).with_name("uv.exe" if os.name == "nt" else "uv")
    found = given or (str(beside) if beside.exists() else shutil.which("uv"))
    if not found:
        raise SetupError("uv was not found: `python -m pip install uv`, or pass --uv PATH")
    return found


def prepare(version: str, uv: str) -> None:
    """Make one environment from nothing; the stamp is written last, when all went well."""
    home = SERVERS / version
    shutil.rmtree(home, ignore_errors=True)
    SERVERS.mkdir(exist_ok=True)
    pins = str(PINS / f"{version}.txt")
    run([uv, "venv", "--quiet", "--no-project", "--python", PYTHON, str(home)], version)
    install = [uv, "pip", "install", "--quiet", "--no-deps", "--python", str(python_of(version))]
    run([*install, "--requirement", pins], version)
    (home / ".pins-sha256").write_text(fingerprint(version) + "\n", encoding="ascii")


def run(command: Sequence[str], version: str) -> None:
    """Run one uv command and turn its failure into an error that shows what uv said."""
    done = subprocess.run(
        command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        raise SetupError(f"gradio {version}: `{' '.join(command)}` failed\n{done.stdout.rstrip()}")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Prepare the Gradio servers used by the tests.")
    parser.add_argument("versions", nargs="*", metavar="VERSION", help="a version that has pins")
    parser.add_argument("--all", action="store_true", help="every version that has pins")
    parser.add_argument("--subset", action="store_true", help="the versions `make test` needs")
    parser.add_argument("--uv", metavar="PATH", help="the uv executable to use")
    options = parser.parse_args(argv)
    unknown = sorted(set(options.versions) - set(known_versions()))
    if unknown:
        parser.error(f"no pins for {', '.join(unknown)}; there are: {', '.join(known_versions())}")
    if not (options.versions or options.all or options.subset):
        parser.error("name a version, or pass --subset or --all")
    return options


def chosen(options: argparse.Namespace) -> list[str]:
    """Return the versions asked for, each once, oldest first."""
    wanted = set(options.versions)
    wanted.update(known_versions() if options.all else ())
    for file in SUBSET if options.subset else ():
        wanted.update(file.read_text(encoding="ascii").split())
    return [version for version in known_versions() if version in wanted]


def main(argv: Sequence[str] | None = None) -> int:
    """Prepare what was asked for; return the process's exit code."""
    options = parse(sys.argv[1:] if argv is None else argv)
    try:
        for version in chosen(options):
            if is_ready(version):
                print(f"gradio {version:8} ready")
                continue
            began = time.monotonic()
            prepare(version, find_uv(options.uv))
            print(f"gradio {version:8} installed in {time.monotonic() - began:.1f} s", flush=True)
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
