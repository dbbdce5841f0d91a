"""The commands of language models: train-lm, predict-word, score, evaluate; ARPA files."""
