"""The steps of Loss theory: each module is the script of one step, from its header to its code."""
