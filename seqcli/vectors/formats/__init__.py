"""Files of word vectors, other programs' formats: told apart by their content, read strictly, written exactly."""

from seqcli.vectors.formats.fasttext_writing import Learned
from seqcli.vectors.formats.reading import read
from seqcli.vectors.formats.source import VectorsFile
from seqcli.vectors.formats.writing import WRITTEN, render

__all__ = ["WRITTEN", "Learned", "VectorsFile", "read", "render"]
