"""Generators with one, several and no outputs."""

import time

import gradio as gr

STOPPED = []


def count(number):
    try:
        for step in range(int(number)):
            time.sleep(0.02)
            yield str(step), step
    finally:
        STOPPED.append(number)


def forever():
    try:
        while True:
            time.sleep(0.05)
            yield "again"
    finally:
        STOPPED.append("forever")


def silent():
    yield
    yield


with gr.Blocks(title="Streams") as demo:
    outputs = [gr.Textbox(label="Text"), gr.Number(label="Step")]
    gr.Button().click(count, gr.Number(label="Number", value=3), outputs, api_name="count")
    gr.Button().click(forever, None, gr.Textbox(label="Text"), api_name="forever")
    gr.Button().click(silent, None, None, api_name="silent")
    stopped = gr.JSON(label="stopped")
    gr.Button().click(lambda: STOPPED, None, stopped, api_name="stopped", queue=False)
