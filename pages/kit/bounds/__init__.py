"""The sections of the page Bounds."""
