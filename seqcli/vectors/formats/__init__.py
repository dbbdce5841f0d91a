"""Files of word vectors, other programs' formats: told apart by their content, read strictly, written exactly."""

from seqcli.vectors.formats.fasttext import Learned
from seqcli.vectors.formats.reading import read
from seqcli.vectors.formats.source import VectorsFile
from seqcli.vectors.formats.writing import WRITTEN, paths_of, render

__all__ = ["WRITTEN", "Learned", "VectorsFile", "paths_of", "read", "render"]
