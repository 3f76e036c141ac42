"""Requests and responses of identity, each API in a module of its own, named as upstream."""
