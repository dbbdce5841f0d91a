"""Word vectors: trained, compared, evaluated, read and written. Answers need numpy only."""
