"""Every statement about the registry. Each is bounded by a workspace, or by models that were found so."""
