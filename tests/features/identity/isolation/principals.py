"""Users, groups and service principals; who may manage them; who one is."""

from isolation.rows import SCIM, Keys, Rows

_TAKEN = {"op": "replace", "path": "displayName", "value": "taken"}
_NOBODY = {"op": "replace", "path": "members", "value": []}
_RULES = ("/api/2.0/preview/accounts/{account_id}/access-control", "/api/2.0/preview/accounts/access-control")

BY_ID: Rows = {
    # principals
    **{
        (method, f"{prefix}/{kind}/{{id}}"): (
            lambda w, prefix=prefix, kind=kind, more=more: {
                "id": w.principals[kind], **({"account_id": "a"} if "account" in prefix else {}), **more,
            }
        )
        for prefix in SCIM
        for kind in ("Users", "Groups", "ServicePrincipals")
        for method, more in (
            ("GET", {}),
            ("PUT", {"userName": "taken", "displayName": "taken"}),
            ("PATCH", {"Operations": [_NOBODY if kind == "Groups" else _TAKEN]}),
            ("DELETE", {}),
        )
    },
    # tokens and secrets
    **{
        (method, f"{prefix}/rule-sets"): (
            lambda w, prefix=prefix, more=more: {
                "name": f"accounts/a/groups/{w.principals['Groups']}/ruleSets/default",
                **({"account_id": "a"} if "account_id" in prefix else {}), **more,
            }
        )
        for prefix in _RULES
        for method, more in (("GET", {}), ("PUT", {"rule_set": {"etag": "another"}}))
    },
    # permissions
    ("PUT", "/api/2.0/lakeward/users/{id}/password"): lambda w: {
        "id": w.principals["Users"], "new_password": "taken by a stranger",
    },
}  # fmt: skip

LISTS: Rows = {
    **{
        ("GET", f"{prefix}/{kind}"): lambda _, prefix=prefix: {"account_id": "a"} if "account" in prefix else {}
        for prefix in SCIM
        for kind in ("Users", "Groups", "ServicePrincipals")
    },
}  # fmt: skip

WITHOUT_OBJECT: Keys = {
    ("GET", f"{SCIM[0]}/Me"), ("GET", "/api/2.0/lakeward/whoami"), ("GET", "/oidc/v1/authorize"),
    *(("POST", f"{prefix}/{kind}") for prefix in SCIM for kind in ("Users", "Groups", "ServicePrincipals")),
    *(("GET", f"{prefix}/assignable-roles") for prefix in _RULES),  # the same words for everybody
    # of the caller's own session and password: tests/features/identity/test_passwords.py
    ("POST", "/api/2.0/lakeward/sign-out"), ("GET", "/api/2.0/lakeward/session"), ("PUT", "/api/2.0/lakeward/password"),
}  # fmt: skip
