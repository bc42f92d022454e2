"""Components of many kinds, a State, endpoints without values."""

import gradio as gr


def remember(word, words):
    words = [*(words or []), word]
    return " ".join(words), words


with gr.Blocks(title="") as demo:
    words = gr.State([])
    word = gr.Textbox(label="Word")
    gr.Button().click(remember, [word, words], [gr.Textbox(label="All"), words], api_name="keep")
    gr.Button().click(lambda: None, None, None, api_name="nothing")
    same = lambda value: value  # noqa: E731
    for name, kind, options in [
        ("moment", gr.DateTime, {}),
        ("day", gr.DateTime, {"include_time": False}),
        ("colour", gr.ColorPicker, {}),
        ("code", gr.Code, {"language": "python"}),
        ("loose", gr.JSON, {}),
        ("marked", gr.Markdown, {}),
        ("label", gr.Label, {}),
        ("highlighted", gr.HighlightedText, {}),
    ]:
        gr.Button().click(same, kind(**options), kind(**options), api_name=name, queue=False)
    hidden = gr.Textbox(label="Secret")
    gr.Button().click(same, hidden, hidden, api_name="hidden", api_visibility="undocumented")
