"""Language models: trained, measured, mixed, asked for the next word; n-grams counted."""
