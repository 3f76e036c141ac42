"""Permissions, grants and explanations."""

from isolation.rows import NATIVE, Rows

_PERMISSIONS = "/api/2.0/permissions/{object_type}/{object_id}"

_AUTHORIZATION = "/api/2.0/permissions/authorization"
_EVERYBODY = {"access_control_list": [{"group_name": "users", "permission_level": "CAN_USE"}]}

BY_ID: Rows = {
    **{
        (method, f"{_PERMISSIONS}{more}"): lambda w: {"object_type": "experiments", "object_id": w.experiment}
        for method, more in (("GET", ""), ("PUT", ""), ("PATCH", ""), ("GET", "/permissionLevels"))
    },
    **{
        (method, f"{NATIVE}/{what}/{{securable_type}}/{{full_name}}"): lambda w: {
            "securable_type": "function", "full_name": w.catalog,
        }
        for method, what in (
            ("GET", "permissions"), ("PATCH", "permissions"), ("GET", "effective-permissions"),
            ("GET", "privilege-assignments"), ("GET", "effective-privilege-assignments"),
        )
    },
    ("POST", "/api/2.0/lakeward/explain"): lambda w: {
        "principal": "owner", "privilege": "READ", "object": f"experiments/{w.experiment}",
    },
}  # fmt: skip

LISTS: Rows = {
    **{
        (method, f"{_AUTHORIZATION}/{kind}{path}"): lambda _, body=body: body
        for kind in ("tokens", "passwords")
        for method, path, body in (
            ("GET", "", {}), ("PUT", "", _EVERYBODY), ("PATCH", "", _EVERYBODY), ("GET", "/permissionLevels", {}),
        )
    },
}  # fmt: skip
