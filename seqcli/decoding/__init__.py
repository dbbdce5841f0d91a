"""How text is made from probabilities: drawing, truncation, beam search, and no copies of a text; numpy only."""
