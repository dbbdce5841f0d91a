"""The commands of dialogue models."""
