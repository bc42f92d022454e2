"""Hugging Face Spaces: where they run, in what stage they are, how to wake and to copy them."""
