"""The missing word: networks that read a text from both sides of a place, and what is asked of them."""
