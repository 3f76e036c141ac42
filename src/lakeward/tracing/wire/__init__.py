"""Requests and responses of the trace API, named as upstream."""
