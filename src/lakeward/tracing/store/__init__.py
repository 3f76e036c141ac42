"""Every statement about traces. Each is bounded by a workspace, or by traces that were found so."""
