"""Pure code without I/O: errors, names, clock, page tokens, the filter language."""
