"""Tables."""

import gradio as gr
import pandas as pd


def describe(frame: pd.DataFrame):
    return frame, len(frame)


with gr.Blocks(title="Tables") as demo:
    table = gr.Dataframe(label="Table", headers=["a", "b"])
    outputs = [gr.Dataframe(label="Table"), gr.Number(label="Rows")]
    gr.Button().click(describe, table, outputs, api_name="describe")
