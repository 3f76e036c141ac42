"""Every statement about LoggedModels. Each is bounded by a workspace, or by models that were found so."""
