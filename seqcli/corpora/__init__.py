"""Public texts to begin with: where they are, under which licence, fetched once and checked."""
