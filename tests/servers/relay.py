"""A Gradio app that calls another by gradwire, as apps on Hugging Face do.

    python relay.py PORT APP

One client serves all visitors, in a plain and in an asynchronous function.
"""

import sys
from functools import cache

import gradio as gr

from gradwire import AsyncClient, Client

PORT, APP = int(sys.argv[1]), sys.argv[2]


@cache
def client():
    return Client.connect(APP)


def relay(name):
    return client().predict("/hello", [name]).value


async def relay_async(name):
    async with AsyncClient.connect(APP) as own:
        return (await own.predict("/hello", [name])).value


def relay_own(name):
    own = client().with_options(headers={"X-IP-Token": "chosen"})
    return own.predict("/hello", [name]).value


with gr.Blocks() as demo:
    name, said = gr.Textbox(), gr.Textbox()
    gr.Button().click(relay, name, said, api_name="relay")
    gr.Button().click(relay_async, name, said, api_name="relay_async")
    gr.Button().click(relay_own, name, said, api_name="relay_own")

demo.launch(server_name="127.0.0.1", server_port=PORT, quiet=True)
