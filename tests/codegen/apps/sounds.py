"""Sound in and out."""

import gradio as gr


def louder(sound):
    rate, samples = sound
    return (rate, samples * 2), rate


with gr.Blocks(title="sounds") as demo:
    outputs = [gr.Audio(label="louder"), gr.Number(label="rate")]
    gr.Button().click(louder, gr.Audio(label="sound"), outputs, api_name="louder")
