"""Commands of models that fill gaps."""
