"""A chat that streams."""

import time

import gradio as gr


def answer(message, history):
    text = ""
    for word in f"You said {message}".split():
        text += word + " "
        time.sleep(0.02)
        yield text


demo = gr.ChatInterface(answer, title="Chat", api_name="chat")
