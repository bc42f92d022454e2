"""`gradwire demo`: a real Gradio app on this machine, and a client that uses all of it."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from gradwire.app.words import seconds_text as seconds
from gradwire.app.words import shown
from gradwire.client.sync import Client
from gradwire.data.inputs import handle_file
from gradwire.errors import AppError, ConnectError, GradwireError, JobCancelledError
from gradwire.version import VERSION

if TYPE_CHECKING:
    from PIL.Image import Image

START_SECONDS = 120.0
"""The first start after an installation compiles some thousand files."""
STOP_SECONDS = 5.0
WIDTH = 78
INDENT = "    "


class DemoError(Exception):
    """The demo cannot go on; the message says why."""


# --- the app --------------------------------------------------------------------------------------


@contextlib.contextmanager
def running_app() -> Iterator[str]:
    """Run the demo app in a process of its own; give its address.

    The process ends with the `with` block, and with this process, however that ends: it watches
    its standard input.

    Raises:
        DemoError: Gradio is not installed, or the app did not start; the message has its output.
    """
    if importlib.util.find_spec("gradio") is None:
        raise DemoError("The demo needs Gradio. Install it: pip install 'gradwire[demo]'")
    with (
        tempfile.TemporaryDirectory(prefix="gradwire-demo-", ignore_cleanup_errors=True) as home,
        open(Path(home, "output.txt"), "w+b") as output,
    ):
        port = _free_port()
        process = subprocess.Popen(  # noqa: S603 - this interpreter, our own module
            [sys.executable, "-m", "gradwire.cli.demo_app", str(port)],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=_environment(home),
            # Ctrl-C is for this process, which then ends that one.
            start_new_session=True,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(url, process, output)
            yield url
        finally:
            _stop(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(home: str) -> dict[str, str]:
    """Return the variables of the app: no network, no proxies, no traces outside of `home`."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().endswith("_PROXY") and not name.upper().startswith(("GRADIO_", "HF_"))
    }
    return kept | {
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_TEMP_DIR": home,
        "GRADWIRE_DEMO_CHILD": "1",
        "HF_HUB_OFFLINE": "1",
        "NO_PROXY": "*",
        "PYTHONUNBUFFERED": "1",
    }


def _wait_for(url: str, process: subprocess.Popen[bytes], output: io.BufferedRandom) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            Client(url, max_retries=0, timeout=10).close()
        except ConnectError:
            time.sleep(0.1)
        else:
            return
    ended = process.poll() is not None
    what = "ended before it answered" if ended else f"did not answer within {START_SECONDS:g} s"
    output.seek(0)
    printed = shown(output.read()[-4000:].decode("utf-8", "replace")).strip() or "nothing"
    raise DemoError(f"The demo app {what}. It printed:\n\n{printed}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.close()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        process.kill()  # does nothing where it has ended
        process.wait(STOP_SECONDS)


# --- what is shown --------------------------------------------------------------------------------


def say(text: str = "") -> None:
    """Print lines, indented."""
    for line in text.splitlines():
        print(f"{INDENT}{line}".rstrip(), flush=True)


class Steps:
    """Prints headings, and remembers what each step took."""

    def __init__(self) -> None:
        self.took: list[tuple[str, float]] = []

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Print a heading, and after the `with` block the time."""
        print(f"\n{len(self.took) + 1}. {title}\n", flush=True)
        began = time.perf_counter()
        yield
        self.took.append((title, time.perf_counter() - began))

    def print_summary(self) -> None:
        """Print what each step took."""
        print(f"\nAll {len(self.took)} steps went well:\n")
        for number, (title, duration) in enumerate(self.took, 1):
            say(f"{number}. {title:55}{seconds(duration):>8}")
        say(f"   {'':55}{'-' * 8}")
        say(f"   {'':55}{seconds(sum(duration for _, duration in self.took)):>8}")


# --- the steps ------------------------------------------------------------------------------------


def show_api(client: Client) -> None:
    """Print what the app can do."""
    print(client.view_api())


def predict(client: Client) -> None:
    """Call endpoints by name, with keyword arguments, as functions; and see one fail."""
    said = client.predict("/greet", name="Ada", excited=True)
    say(f'client.predict("/greet", name="Ada", excited=True).value\n  {said.value!r}')
    for log in said.logs:
        say(f"  the app's {log.level}: {shown(log.log)}")
    say(f"client.api.divide(1, 4).value\n  {client.api.divide(1, 4).value!r}")
    _expect(said.value == "Hello, Ada!", "the greeting is wrong")
    try:
        client.api.divide(1, 0)
    except AppError as error:
        say(f"client.api.divide(1, 0)\n  AppError: {shown(str(error))}")
    else:
        raise DemoError("dividing by zero did not fail")


def stream(client: Client) -> None:
    """Print a token stream as it comes: only what each step added is looked at."""
    say('for event in client.submit("/tell"): print(event.delta[0], end="")\n\n')
    column, pieces, began, first = WIDTH, 0, time.perf_counter(), 0.0
    text = ""
    for event in client.submit("/tell"):
        if event.type != "data" or not event.delta[0]:
            continue
        first = first or time.perf_counter() - began
        piece = shown(event.delta[0])
        text, pieces = text + piece, pieces + 1
        if column + len(piece) > WIDTH - 2:
            piece = piece.lstrip()
            print(("\n" if pieces > 1 else "") + f"{INDENT}  ", end="")
            column = len(INDENT) + 2
        print(piece, end="", flush=True)
        column += len(piece)
    print(f"\n\n{INDENT}{pieces} pieces; the first came after {seconds(first)}.", flush=True)
    _expect(text.endswith("bored."), "the story is not complete")


def progress(client: Client) -> None:
    """Show gr.Progress as it comes."""
    job = client.submit("/train", steps=4, all_events=True)
    last = ""
    for event in job:
        if event.type != "status" or not event.progress_data:
            continue
        bar = event.progress_data[0]
        done, length = int(bar.index or 0), int(bar.length or 0)
        line = f"[{'#' * done * 8:{length * 8}}] {done}/{length} {shown(bar.desc or '')}"
        if line != last:
            say(line)
        last = line
    _expect(bool(last), "no progress was reported")
    say(f"{shown(str(job.result().value))} after {seconds(job.result().duration or 0)}")


def exchange_image(client: Client) -> None:
    """Send a picture, get its negative, and compare the pixels."""
    from PIL import Image

    picture = _picture(240, 160)
    packed = io.BytesIO()
    picture.save(packed, "PNG")
    result = client.predict("/invert", image=handle_file(packed.getvalue(), name="picture.png"))
    with tempfile.TemporaryDirectory(prefix="gradwire-demo-") as folder:
        path = result.value.download(folder)
        say(f"sent      picture.png  {len(packed.getvalue()):,} bytes")
        say(f"received  {shown(path.name)}    {path.stat().st_size:,} bytes, into a new folder")
        with Image.open(path) as received:
            same = _negative(picture) == received.convert("RGB").tobytes()
    _expect(same, "the picture that came back is not the negative")
    say(f"compared  {picture.width * picture.height:,} pixels: each is the negative of its own")


def _picture(width: int, height: int) -> Image:
    from PIL import Image

    shades = Image.linear_gradient("L").resize((width, height))
    noise = Image.effect_noise((width, height), 60)
    return Image.merge("RGB", (shades, shades.rotate(180), noise))


def _negative(picture: Image) -> bytes:
    return bytes(255 - value for value in picture.tobytes())


def cancel(client: Client) -> None:
    """Cancel a job of a minute, and look at the server whether it stopped."""
    job = client.submit("/count", seconds=60, name="demo")
    for number, _ in enumerate(job):
        if number == 4:
            break
    began = time.perf_counter()
    cancelled = job.cancel()
    say(f"job.cancel()\n  {cancelled}, after {seconds(time.perf_counter() - began)}")
    try:
        job.result()
    except JobCancelledError as error:
        say(f"job.result()\n  JobCancelledError: {error}")
    reached = client.api.counted("demo").value
    time.sleep(1)
    later = client.api.counted("demo").value
    say(f"The server counted to {reached}. One second later it stands at {later}: it has stopped.")
    _expect(cancelled and reached == later, "the job was not stopped on the server")


def _expect(true: bool, otherwise: str) -> None:
    if not true:
        raise DemoError(f"Something is wrong: {otherwise}.")


STEPS: tuple[tuple[str, Callable[[Client], None]], ...] = (
    ("Read its API", show_api),
    ("Predict", predict),
    ("Print a token stream as it comes", stream),
    ("Show progress", progress),
    ("Send an image and get one back", exchange_image),
    ("Cancel a long job", cancel),
)


def run() -> int:
    """Run the demo.

    Returns:
        The process's exit code.
    """
    try:
        _run()
    except (DemoError, GradwireError) as error:
        sys.stdout.flush()
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


def _run() -> None:
    steps = Steps()
    print(f"gradwire {VERSION}: a Gradio app on this machine, and a client that uses it")
    with contextlib.ExitStack() as stack:
        with steps.step("Start a Gradio app"):
            url = stack.enter_context(running_app())
            say(url)
        with steps.step("Connect"):
            client = stack.enter_context(Client(url, timeout=60))
            say(f"{client.config.title}, Gradio {client.config.version}, {client.config.protocol}")
        for title, show in STEPS:
            with steps.step(title):
                show(client)
    steps.print_summary()
