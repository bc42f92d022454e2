"""Choices of all kinds."""

import gradio as gr

WORDS = [f"a rather long choice, number {number}" for number in range(60)]


def said(*values):
    return repr(values)


with gr.Blocks(title="Choices") as demo:
    inputs = [
        gr.Dropdown(["a", 'with "quotes"', "it's", "back\\slash", ""], label="odd", value="a"),
        gr.Dropdown(WORDS, label="many", value=WORDS[0]),
        gr.Dropdown(["x", "y"], label="custom", allow_custom_value=True, value="x"),
        gr.Dropdown([("One", 1), ("Two", 2)], label="numbers", value=1),
        gr.Radio([0.5, 1.5], label="floats", value=0.5),
        gr.Dropdown(["p", "q", "r"], label="several", multiselect=True, value=["p"]),
        gr.CheckboxGroup(["u", "v"], label="group"),
        gr.Radio(["only"], label="only", value="only"),
        gr.Dropdown([("Eins", "one"), ("Zwei", "two")], label="pairs"),
    ]
    gr.Button().click(said, inputs, gr.Textbox(label="said"), api_name="choose")
    gr.Button().click(said, inputs[:1], gr.Radio(["a", "b"], label="chosen"), api_name="chosen")
