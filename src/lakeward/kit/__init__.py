"""Pure code without I/O: errors, ids, clock, page tokens, the filter language."""
