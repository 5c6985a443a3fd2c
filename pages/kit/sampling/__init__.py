"""The parts of Gaussian sampling: each is one function of the choice, and the page computes only the one it shows."""
