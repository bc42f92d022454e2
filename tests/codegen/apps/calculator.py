"""Choices, numbers, an error, and several outputs."""

import gradio as gr


def calculate(left, operation, right):
    if operation == "divide" and right == 0:
        raise gr.Error("Cannot divide by zero!")
    result = {
        "add": left + right,
        "subtract": left - right,
        "multiply": left * right,
        "divide": left / (right or 1),
    }[operation]
    return result, f"{left:g} {operation} {right:g}", result < 0


with gr.Blocks(title="Calculator 2000!") as demo:
    inputs = [
        gr.Number(label="Left"),
        gr.Radio(["add", "subtract", "multiply", "divide"], label="Operation", value="add"),
        gr.Number(label="Right", value=1),
    ]
    outputs = [gr.Number(label="Result"), gr.Textbox(label="Said"), gr.Checkbox(label="Count")]
    gr.Button().click(calculate, inputs, outputs, api_name="calculate")
