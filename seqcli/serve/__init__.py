"""HTTP's face: the models of the shelf, answering in the protocols that other programs speak."""
