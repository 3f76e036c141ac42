"""IP access lists."""

from isolation.rows import ADDRESSES, Keys, Rows

BY_ID: Rows = {
    **{
        (method, f"{prefix}/{{ip_access_list_id}}"): (
            lambda w, more=more: {"ip_access_list_id": w.addresses, "account_id": "a", **more}
        )
        for prefix in ADDRESSES
        for method, more in (
            ("GET", {}),
            ("PUT", {"label": "taken", "list_type": "ALLOW", "enabled": False}),
            ("PATCH", {"label": "taken"}),
            ("DELETE", {}),
        )
    },
}  # fmt: skip

LISTS: Rows = {
    ("GET", ADDRESSES[0]): lambda _: {},
    ("GET", ADDRESSES[1]): lambda _: {"account_id": "a"},
    ("GET", "/api/2.0/workspace-conf"): lambda _: {"keys": "enableIpAccessLists"},
}  # fmt: skip

WITHOUT_OBJECT: Keys = {
    *(("POST", prefix) for prefix in ADDRESSES), ("PATCH", "/api/2.0/workspace-conf"),
}  # fmt: skip
