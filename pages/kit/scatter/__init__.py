"""The parts of the page Latent scatter."""
