"""Fuzz each target for a bounded time, guided by coverage: `make fuzz`.

    python fuzz/run.py [--seconds N] [TARGET ...]

Needs atheris, which `make fuzz` installs. A finding is kept in `.fuzz/TARGET/crash-…`, and this
shows it again:

    python fuzz/run.py --input .fuzz/api/crash-… api
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
FOUND = HERE.parent / ".fuzz"
MAX_BYTES = 8192
SLOWEST = 10
"""Seconds that one input may take."""


def main() -> int:
    """Run the targets one after the other; return the number of those that failed."""
    from seeds import SEEDS

    parser = argparse.ArgumentParser(description="Fuzz what reads a server's words.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(SEEDS))
    parser.add_argument("--seconds", type=int, default=60, help="for each target (60)")
    parser.add_argument("--input", type=Path, help="run the target on this file, once")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    unknown = set(options.targets) - SEEDS.keys()
    if unknown:
        parser.error(f"there is no target {', '.join(sorted(unknown))}")
    names = options.targets or list(SEEDS)
    if options.input is not None:
        from targets import TARGETS

        for name in names:
            TARGETS[name](options.input.read_bytes())
        return 0
    if options.inside:
        fuzz(names[0], options.seconds)
    return sum(fuzz_in_a_process(name, options.seconds) for name in names)


def fuzz_in_a_process(name: str, seconds: int) -> bool:
    """Fuzz one target, since libFuzzer ends its process; tell whether something was found."""
    print(f"{name}: {seconds} seconds", flush=True)
    command = [sys.executable, __file__, "--inside", "--seconds", str(seconds), name]
    done = subprocess.run(command, check=False, stderr=subprocess.PIPE, text=True)
    lines = done.stderr.splitlines()
    for line in lines[-40:] if done.returncode else lines[-1:]:
        print(f"  {line}")
    return done.returncode != 0


def fuzz(name: str, seconds: int) -> None:
    """Fuzz one target in this process, until it is over."""
    import atheris

    # Nothing of gradwire is loaded before this: what is loaded already is not watched.
    with atheris.instrument_imports(include=["gradwire"]):
        from seeds import SEEDS, WORDS
        from targets import TARGETS

    folder = FOUND / name
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS[name]):
        (corpus / f"seed-{number}").write_bytes(seed)
    words = folder / "words"
    words.write_text("".join(f'"{word}"\n' for word in WORDS), encoding="ascii")
    limits = [f"-max_total_time={seconds}", f"-max_len={MAX_BYTES}", f"-timeout={SLOWEST}"]
    found = [f"-artifact_prefix={folder}/", f"-dict={words}", "-print_final_stats=0"]
    atheris.Setup([sys.argv[0], str(corpus), *limits, *found, "-rss_limit_mb=2048"], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    sys.exit(main())
