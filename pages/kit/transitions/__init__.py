"""The parts of the page Digit transitions."""
