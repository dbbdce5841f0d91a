"""The one training loop, and what every training shares."""
