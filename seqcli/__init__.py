"""seqcli: word prediction and embeddings from your own text, on your own CPU, from the shell."""

from seqcli.version import __version__

__all__ = ["__version__"]
