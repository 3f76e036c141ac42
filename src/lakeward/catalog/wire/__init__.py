"""Requests and responses of `/api/2.1/unity-catalog`, named as upstream: `places`, `assets`, `tags`."""
