"""Sentences with a latent code: the variational autoencoder, and its two baselines."""
