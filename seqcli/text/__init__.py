"""Words become numbers: reading, tokens, vocabulary, batches. numpy only."""
