"""The installed command, in a terminal and in a pipe, against real Gradio apps."""
