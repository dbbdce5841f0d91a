"""Translation from a stored model's arrays, with numpy alone: encode, decode, score."""
