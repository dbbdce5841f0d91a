"""One's own texts searched and grouped by meaning: passages, their vectors, what was indexed before."""
