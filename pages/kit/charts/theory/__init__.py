"""Charts of the page Loss theory, a file a step."""
