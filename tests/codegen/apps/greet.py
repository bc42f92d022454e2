"""One function, as most apps are."""

import gradio as gr


def greet(name, excited=False, times=1):
    """Greet somebody."""
    return " ".join([f"Hello, {name}{'!' if excited else '.'}"] * int(times))


demo = gr.Interface(
    greet,
    [gr.Textbox(label="Name"), gr.Checkbox(label="Excited"), gr.Slider(1, 5, value=1, step=1)],
    gr.Textbox(label="Greeting"),
    title="Greet",
    api_name="greet",
)
