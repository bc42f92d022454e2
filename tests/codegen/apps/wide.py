"""A function of 200 parameters."""

import gradio as gr


def add(*numbers):
    return sum(numbers)


with gr.Blocks(title="Wide") as demo:
    inputs = [gr.Number(label=f"Number {place}", value=place) for place in range(200)]
    outputs = gr.Number(label="Sum")
    gr.Button().click(add, inputs, outputs, api_name="add")
