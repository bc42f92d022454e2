"""The app of `gradwire demo`: one endpoint for each thing that a client can do.

    python -m gradwire.cli.demo_app [PORT]

serves it at http://127.0.0.1:7860, or at another port. It needs the extra `demo`.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_OFFLINE", "1")


def end_with_parent() -> None:
    """End this process when whoever holds the other end of its standard input is gone."""
    # Not sys.stdin: its lock, held by a thread, is fatal when the interpreter ends by itself.
    while os.read(0, 1024):
        pass
    os._exit(0)


if os.environ.get("GRADWIRE_DEMO_CHILD"):
    # Before Gradio is imported, which takes seconds.
    threading.Thread(target=end_with_parent, daemon=True).start()

import gradio as gr  # noqa: E402
from PIL import Image, ImageOps  # noqa: E402

PORT = 7860
STORY = (
    "Once there was a program that asked a question. The answer was long, and it came one word at "
    "a time. The program did not wait for the end: it printed each word as it arrived, and nobody "
    "was bored."
)
_PROGRESS = gr.Progress()
_counted: dict[str, int] = {}


def greet(name: str, excited: bool) -> str:
    """Greet somebody."""
    if excited:
        gr.Info(f"{name} is greeted with joy.")
    return f"Hello, {name}{'!' if excited else '.'}"


def divide(dividend: float, divisor: float) -> float:
    """Divide two numbers; fail if the second is zero."""
    if not divisor:
        raise gr.Error("Nothing can be divided by zero.", title="No such number")
    return dividend / divisor


def tell(words: float) -> Iterator[str]:
    """Tell a story, one word at a time."""
    told = ""
    for word in STORY.split()[: int(words)]:
        told += f" {word}" if told else word
        time.sleep(0.03)
        yield told


def train(steps: float, progress: gr.Progress = _PROGRESS) -> str:
    """Work for a while, and report how far it is."""
    for _ in progress.tqdm(range(int(steps)), desc="training", unit="steps"):
        time.sleep(0.25)
    return f"{int(steps)} steps done"


def invert(image: Image.Image) -> Image.Image:
    """Return the negative of a picture."""
    return ImageOps.invert(image)


def remember(item: str, items: list[str]) -> tuple[str, list[str]]:
    """Add to a list that each session has for itself."""
    items = [*items, item]
    return ", ".join(items), items


def count(seconds: float, name: str) -> Iterator[str]:
    """Count ten times a second; `counted` tells how far a name came."""
    for number in range(1, int(seconds * 10) + 1):
        _counted[name] = number
        yield f"{number}"
        time.sleep(0.1)


def counted(name: str) -> int:
    """Tell how far `count` came under a name."""
    return _counted.get(name, 0)


def build() -> gr.Blocks:
    """Put the app together."""
    with gr.Blocks(title="gradwire demo", analytics_enabled=False) as app:
        name, picture = gr.Textbox(label="name", value="world"), gr.Image(label="image", type="pil")
        # The default example is an address elsewhere, which this app has no use for.
        picture.example_payload = lambda: None
        quotient, reached = gr.Number(label="quotient"), gr.Number(label="reached")
        text, negative = gr.Textbox(label="text"), gr.Image(label="negative", format="png")
        items = gr.State([])
        several = {"concurrency_limit": 20}
        gr.Button("Greet").click(
            greet, [name, gr.Checkbox(label="excited")], text, api_name="greet", **several
        )
        numbers = [gr.Number(label="dividend", value=6), gr.Number(label="divisor", value=2)]
        gr.Button("Divide").click(divide, numbers, quotient, api_name="divide", **several)
        words = gr.Number(label="words", value=100)
        gr.Button("Tell").click(tell, words, text, api_name="tell", **several)
        steps = gr.Slider(1, 20, value=4, step=1, label="steps")
        gr.Button("Train").click(train, steps, text, api_name="train", **several)
        gr.Button("Invert").click(invert, picture, negative, api_name="invert")
        item = gr.Textbox(label="item")
        gr.Button("Remember").click(remember, [item, items], [text, items], api_name="remember")
        inputs = [gr.Number(label="seconds", value=60), gr.Textbox(label="name", value="counter")]
        gr.Button("Count").click(count, inputs, text, api_name="count", **several)
        gr.Button("Counted").click(counted, inputs[1], reached, api_name="counted", queue=False)
    return app


def main() -> None:
    """Serve the app until the process is ended."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else PORT
    app, options = build(), {"quiet": True, "ssr_mode": False, "prevent_thread_lock": True}
    app.launch(server_name="127.0.0.1", server_port=port, **options)
    print(f"The demo app is ready at http://127.0.0.1:{port} (Ctrl-C ends it).", flush=True)
    app.block_thread()


if __name__ == "__main__":
    main()
