"""Files, one and many."""

from pathlib import Path

import gradio as gr


def sizes(files):
    return {Path(file).name: Path(file).stat().st_size for file in files or []}


with gr.Blocks(title="My files & more") as demo:
    one, many = gr.File(label="File"), gr.File(label="Files", file_count="multiple")
    gr.Button().click(lambda file: file, one, gr.File(label="Same"), api_name="same")
    gr.Button().click(sizes, many, gr.JSON(label="Sizes"), api_name="sizes")
    listed = gr.File(label="Listed", file_count="multiple")
    gr.Button().click(lambda files: files, many, listed, api_name="listed")
    gr.Button().click(lambda: None, None, gr.File(label="None"), api_name="nothing")
    films = gr.Video(label="Film"), gr.Video(label="Film")
    gr.Button().click(lambda film: film, *films, api_name="film")
