"""A model on one page that opens without a network: what it learned from, how well, what it says, where it is weak."""
