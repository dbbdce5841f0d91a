"""The formats of files of word vectors: their names, and the ending of a file that each has."""

from __future__ import annotations

FORMATS = ("word2vec-text", "word2vec-binary", "glove", "fasttext-vec", "fasttext-bin", "numpy", "projector")
ENDINGS = {  # of a file that is written, else it is text
    ".arpa": "arpa",
    ".bin": "word2vec-binary",
    ".npy": "numpy",
    ".tsv": "projector",
    ".vec": "fasttext-vec",
}
