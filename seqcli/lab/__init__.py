"""Recurrent networks by hand, in numpy, for learning: cells.py first, then one module an experiment."""
