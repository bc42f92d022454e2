"""Serve all apps of `apps/` on one port, each under its name.

python serve.py PORT
"""

import importlib
import os
import sys
from pathlib import Path

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"

import gradio as gr
import uvicorn
from fastapi import FastAPI

APPS = Path(__file__).resolve().parent / "apps"


def main(port):
    """Mount each app, and serve until the process is ended."""
    sys.path.insert(0, str(APPS))
    outer = FastAPI()
    for path in sorted(APPS.glob("*.py")):
        demo = importlib.import_module(path.stem).demo
        outer = gr.mount_gradio_app(outer, demo, path=f"/{path.stem}", ssr_mode=False)
    outer.add_api_route("/", lambda: {"ready": True})
    uvicorn.run(outer, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main(int(sys.argv[1]))
