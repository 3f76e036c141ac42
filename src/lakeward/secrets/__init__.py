"""Secrets: values that code needs and people should not see, in scopes with access lists of their own.

A scope belongs to a workspace. Its access list gives users and groups READ, WRITE or MANAGE on all of its secrets, each
including the ones before; managers of the workspace hold MANAGE on every scope. Values are sealed under a data key of
their scope, bound to scope and key, and are in no log, error or audit row. Deleting a scope removes its data key.
"""

from lakeward.secrets.records import Permission

__all__ = ["Permission"]
