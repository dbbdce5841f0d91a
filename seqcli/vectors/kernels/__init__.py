"""Word2vec's arithmetic."""
