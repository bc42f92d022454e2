"""Environments for the contenders and the pictures, each of the newest release, under `.env/`.

They are made once and kept; `--update` makes them anew.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
HOME = HERE / ".env"
NODE, PLOTS = "node", "plots"

REQUIREMENTS: dict[str, list[str]] = {
    "gradwire": ["aiohttp", "msgspec", "uvloop", "--editable", f"{HERE.parent}[cli]"],
    "gradio_client": ["gradio_client"],
    "noob_gradio": ["noob-gradio"],
    NODE: ["@gradio/client"],
    PLOTS: ["matplotlib"],
}
NODE_PACKAGE = HOME / NODE / "node_modules" / "@gradio" / "client"


def prepare(names: set[str], update: bool) -> dict[str, str]:
    """Make what is missing of the environments `names`.

    Returns:
        For each environment that could not be made, what went wrong.
    """
    failures = {}
    for name in sorted(names):
        ready = HOME / name / ".ready"
        if update or not ready.exists():
            print(f"preparing {name} …", file=sys.stderr)
            shutil.rmtree(HOME / name, ignore_errors=True)
            try:
                _make(name)
            except (OSError, subprocess.CalledProcessError) as error:
                failures[name] = _reason(error)
                continue
            ready.touch()
    return failures


def command(name: str, script: str) -> list[str]:
    """How to start `script` in an environment."""
    return [interpreter(name), str(HERE / "clients" / script)]


def interpreter(name: str) -> str:
    """The interpreter of an environment."""
    return "node" if name == NODE else str(HOME / name / "bin" / "python")


def variables() -> dict[str, str]:
    """The environment variables for a contender; nothing may phone home."""
    return {
        **os.environ,
        "GRADIO_CLIENT": str(NODE_PACKAGE),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_OFFLINE": "1",
    }


def versions(name: str) -> dict[str, str]:
    """The versions of what is measured in an environment, and of its interpreter."""
    if name == NODE:
        code = (
            "const v = require(process.env.GRADIO_CLIENT + '/package.json').version;"
            "console.log('Node ' + process.version.slice(1) + '\\n@gradio/client ' + v)"
        )
        lines = _output("node", "-e", code)
    else:
        packages = [word for word in REQUIREMENTS[name] if not word.startswith(("-", "/"))]
        packages += ["gradwire"] * (name == "gradwire")
        code = (
            "import platform, importlib.metadata as m\n"
            "print('Python', platform.python_version())\n"
            f"for name in {packages}: print(name, m.version(name))"
        )
        lines = _output(interpreter(name), "-c", code)
    return dict(line.rsplit(" ", 1) for line in lines.splitlines())


def _make(name: str) -> None:
    target, wanted = HOME / name, REQUIREMENTS[name]
    target.mkdir(parents=True)
    if name == NODE:
        _run("npm", "install", "--no-audit", "--no-fund", "--prefix", str(target), *wanted)
        return
    python = interpreter(name)
    if shutil.which("uv"):
        _run("uv", "venv", "--clear", "--python", sys.executable, str(target))
        _run("uv", "pip", "install", "--python", python, *wanted)
    else:
        _run(sys.executable, "-m", "venv", str(target))
        _run(python, "-m", "pip", "install", "--quiet", *wanted)


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, text=True)


def _output(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True, env=variables()).stdout


def _reason(error: OSError | subprocess.CalledProcessError) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        return (error.stderr or "").strip().splitlines()[-1:][0] if error.stderr else str(error)
    return str(error)
