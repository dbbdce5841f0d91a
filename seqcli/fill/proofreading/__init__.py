"""Text as a person wrote it, read for errors by a model that sees both sides of every word. numpy only."""
