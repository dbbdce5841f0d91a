"""The commands of word vectors: train-w2v, neighbors and its kin, map, evaluate-vectors, import, export."""
