"""Commands of sentences with a code: train-vae, sample, reconstruct, interpolate, attribute, edit, embed."""
