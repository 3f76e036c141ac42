"""Scopes, secrets and their access lists."""

from isolation.rows import SECRET, Keys, Rows

BY_ID: Rows = {
    **{
        (method, f"/api/2.0/secrets/{path}"): (lambda w, more=more: {"scope": w.scope, **more})
        for method, path, more in (
            ("POST", "scopes/delete", {}),
            ("POST", "put", {"key": "k", "string_value": "taken"}),
            ("POST", "delete", {"key": SECRET}),
            ("GET", "list", {}),
            ("GET", "get", {"key": SECRET}),
            ("POST", "acls/put", {"principal": "users", "permission": "READ"}),
            ("POST", "acls/delete", {"principal": "users"}),
            ("GET", "acls/list", {}),
            ("GET", "acls/get", {"principal": "users"}),
        )
    },
}  # fmt: skip

LISTS: Rows = {
    ("GET", "/api/2.0/secrets/scopes/list"): lambda _: {},
}  # fmt: skip

WITHOUT_OBJECT: Keys = {
    ("POST", "/api/2.0/secrets/scopes/create"),
}  # fmt: skip
