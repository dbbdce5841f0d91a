"""Dialogue models: the next utterance from all that was said before (Seq2Seq, HRED, VHRED)."""
