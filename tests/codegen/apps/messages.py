"""Messages with files, and a chatbot as input."""

from pathlib import Path

import gradio as gr


def read(message):
    return message["text"], [Path(file).name for file in message["files"]]


with gr.Blocks(title="Messages") as demo:
    box = gr.MultimodalTextbox(label="message", file_count="multiple")
    outputs = [gr.Textbox(label="text"), gr.JSON(label="names")]
    gr.Button().click(read, box, outputs, api_name="read")
    bot = gr.Chatbot(label="bot")
    gr.Button().click(lambda history: len(history), bot, gr.Number(label="n"), api_name="length")
    gr.Button().click(
        lambda: [{"role": "user", "content": "hi"}], None, gr.Chatbot(label="out"), api_name="talk"
    )
