"""Pictures as files, arrays and images; a gallery; an editor."""

import gradio as gr


def shape(picture):
    return list(picture.shape)


def gallery(picture):
    return [(picture, "first"), picture]


def edit(value):
    return value["background"], list(value["layers"])


with gr.Blocks(title="Pictures") as demo:
    seen = gr.Image(label="picture")
    gr.Button().click(lambda image: image, seen, gr.Image(label="same"), api_name="same")
    gr.Button().click(shape, seen, gr.JSON(label="shape"), api_name="shape")
    gr.Button().click(gallery, seen, gr.Gallery(label="pictures"), api_name="gallery")
    editor = gr.ImageEditor(label="edited", type="filepath")
    outputs = [gr.Image(label="background"), gr.Gallery(label="layers")]
    gr.Button().click(edit, editor, outputs, api_name="edit")
