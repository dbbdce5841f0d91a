"""seqcli: word prediction and embeddings from your own text, on your own CPU, from the shell."""

__version__ = "0.1.0"
