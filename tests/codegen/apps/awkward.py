"""Names that are none in Python, or that mean something there."""

import gradio as gr

NAMES = [
    "class",
    "list",
    "str",
    "__init__",
    "_value",
    "connect",
    "client",
    "close",
    "my-fn",
    "my_fn",
    "1st",
    "Größe",
    "match",
    "self",
    "Any",
    "DEFAULT",
]


def said(*values):
    return repr(values), "x"


def told(self, str, list, type, inputs=1, None_=2):
    return self + str


def labels():
    return ["self", "class", "Same", "Same", "", "1", "日本語", "a b", "DEFAULT", "__x", "²", "\"'"]


with gr.Blocks(title='"Awkward" \\ title') as demo:
    for name in NAMES:
        inputs = [gr.Textbox(label=label, value="v") for label in labels()]
        outputs = [gr.Textbox(label="index"), gr.Textbox(label="index")]
        gr.Button().click(said, inputs, outputs, api_name=name)
    texts = [gr.Textbox(label=name) for name in "abcd"]
    numbers = [gr.Number(value=1), gr.Number(value=2)]
    inputs = [texts[0], texts[1], texts[2], texts[3], *numbers]
    gr.Button().click(told, inputs, gr.Textbox(label="_"), api_name="told")
