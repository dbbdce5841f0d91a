"""A search for the settings of a language model."""
