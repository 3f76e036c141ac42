"""Personal access tokens, and the secrets of service principals."""

from isolation.rows import SERVICE_SECRETS, TOKENS, Keys, Rows

BY_ID: Rows = {
    **{
        (method, f"{TOKENS}/tokens/{{token_id}}"): (lambda w, more=more: {"token_id": w.token, **more})
        for method, more in (("GET", {}), ("DELETE", {}), ("PATCH", {"token": {"comment": "taken"}}))
    },
    ("POST", f"{TOKENS}/on-behalf-of/tokens"): lambda w: {"application_id": w.principals["application"]},
    **{
        (method, f"{prefix}/{{service_principal_id}}/credentials/secrets{more}"): (
            lambda w, prefix=prefix, more=more: {
                "service_principal_id": w.principals["ServicePrincipals"],
                **({"account_id": "a"} if "account_id" in prefix else {}),
                **({"secret_id": w.principals["secret"]} if more else {}),
            }
        )
        for prefix in SERVICE_SECRETS
        for method, more in (("GET", ""), ("POST", ""), ("DELETE", "/{secret_id}"))
    },
}  # fmt: skip

LISTS: Rows = {
    ("GET", f"{TOKENS}/tokens"): lambda _: {},
}  # fmt: skip

WITHOUT_OBJECT: Keys = {
    # of the caller's own tokens; tests/clients/test_sdk_tokens.py looks for those of others through them
    ("POST", "/api/2.0/token/create"), ("GET", "/api/2.0/token/list"), ("POST", "/api/2.0/token/delete"),
    ("PATCH", "/api/2.0/token/{token_id}"),
}  # fmt: skip
