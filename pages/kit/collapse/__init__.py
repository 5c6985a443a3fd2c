"""The parts of the page Collapse."""
