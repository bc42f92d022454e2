"""Several apps that serve the same endpoints, for tests and benchmarks of pools.

`forker.py` serves them for `fleet.py`, each in a process of its own.

Modes: `quick` and `slow`, which differ in the seconds that `/work` takes; `altered`, whose `/work`
takes something else; `full`, whose queue holds one waiting job; `login`, for ada / pw only.
"""

import os
import tempfile
import time
from pathlib import Path

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"

import gradio as gr
from app import LOGIN, endpoint, number, text

SECONDS = {"quick": 0.02, "slow": 0.2, "altered": 0.02, "full": 0.3, "login": 0.02}
PORT, MODE = 0, ""
JOURNAL = []


def work(name):
    """Work for a while; the journal tells what was called."""
    JOURNAL.append(name)
    time.sleep(SECONDS[MODE])
    return f"{name} by {PORT}"


def work_on_number(name):
    return f"{name:g} by {PORT}"


def nap(seconds, name):
    JOURNAL.append(name)
    time.sleep(seconds)
    return f"{name} by {PORT}"


def count(seconds, name):
    JOURNAL.append(name)
    for step in range(int(seconds * 10)):
        yield f"{step} by {PORT}"
        time.sleep(0.1)


def remember(item, items):
    items = [*items, item]
    return f"{', '.join(items)} by {PORT}", items


def fail(kind):
    raise gr.Error(f"no {kind}")


def length(file):
    return f"{len(Path(file).read_bytes())} by {PORT}"


def make_file(words):
    path = Path(tempfile.mkdtemp()) / "made.txt"
    path.write_text(words)
    return str(path)


def build():
    with gr.Blocks(title=f"replica {MODE}") as demo:
        if MODE == "altered":
            endpoint("work", work_on_number, number("name"), text("out"))
        else:
            endpoint("work", work, text("name"), text("out"))
        endpoint("fast", lambda x: x, text("x"), text("out"), concurrency_limit=8)
        timed = [number("seconds"), text("name")]
        endpoint("nap", nap, timed, text("out"), concurrency_limit=4)
        endpoint("count", count, timed, text("out"), concurrency_limit=4)
        items = gr.State([])
        endpoint("remember", remember, [text("item"), items], [text("all"), items])
        endpoint("fail", fail, text("kind"), text("out"))
        endpoint("now", lambda name: f"{name} by {PORT}", text("name"), text("out"), queue=False)
        endpoint("length", length, gr.File(label="file"), text("out"))
        endpoint("make_file", make_file, text("words"), gr.File(label="made"))
        lines = gr.JSON(label="lines")
        endpoint("journal", lambda: list(JOURNAL), None, lines, queue=False)
    return demo


def serve(port, mode):
    """Serve one app beside the caller."""
    global PORT, MODE
    PORT, MODE = port, mode
    demo = build()
    demo.queue(max_size=1 if mode == "full" else None)
    login = {"auth": LOGIN} if mode == "login" else {}
    options = {"quiet": True, "ssr_mode": False, "prevent_thread_lock": True}
    demo.launch(server_name="127.0.0.1", server_port=port, **options, **login)
