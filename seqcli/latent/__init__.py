"""What models with a latent variable share, without torch: its settings, their schedule, and whether it is used."""
