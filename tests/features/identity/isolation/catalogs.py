"""Catalogs, and what stands in them besides models."""

from isolation.rows import DESCRIBED, NATIVE, Keys, Rows

_CATALOG = {"securable_type": "catalog"}

BY_ID: Rows = {
    **{
        (method, f"{prefix}/{path}"): (lambda w, field=field, of=of, more=more: {field: getattr(w, of), **more})
        for method, prefix, path, field, of, more in (
            ("GET", NATIVE, "catalogs/{name}", "name", "cat", {}),
            ("PATCH", NATIVE, "catalogs/{name}", "name", "cat", {"comment": "taken"}),
            ("DELETE", NATIVE, "catalogs/{name}", "name", "cat", {"force": "true"}),
            ("GET", NATIVE, "schemas/{full_name}", "full_name", "cat_schema", {}),
            ("PATCH", NATIVE, "schemas/{full_name}", "full_name", "cat_schema", {"comment": "taken"}),
            ("DELETE", NATIVE, "schemas/{full_name}", "full_name", "cat_schema", {"force": "true"}),
            ("GET", NATIVE, "workspace-bindings/catalogs/{name}", "name", "cat", {}),
            ("PATCH", NATIVE, "workspace-bindings/catalogs/{name}", "name", "cat", {"assign_workspaces": [1]}),
            ("GET", NATIVE, "bindings/{securable_type}/{securable_name}", "securable_name", "cat", _CATALOG),
            (
                "PATCH", NATIVE, "bindings/{securable_type}/{securable_name}", "securable_name", "cat",
                {**_CATALOG, "add": [{"workspace_id": 1}]},
            ),
            ("POST", NATIVE, "schemas", "catalog_name", "cat", {"name": "taken"}),
            ("GET", NATIVE, "volumes/{name}", "name", "volume", {}),
            ("PATCH", NATIVE, "volumes/{name}", "name", "volume", {"comment": "taken"}),
            ("DELETE", NATIVE, "volumes/{name}", "name", "volume", {}),
            ("GET", NATIVE, "tables/{full_name}", "full_name", "table", {}),
            ("GET", "/api/2.0/unity-catalog", "tables/{full_name}", "full_name", "table", {}),
            ("GET", NATIVE, "tables/{full_name}/exists", "full_name", "table", {}),
            ("GET", "/api/2.0/lakeward/catalog", "tables/{full_name}/sample", "full_name", "table", {}),
            ("PATCH", NATIVE, "tables/{full_name}", "full_name", "table", {"comment": "taken"}),
            ("DELETE", NATIVE, "tables/{full_name}", "full_name", "table", {}),
            ("POST", NATIVE, "temporary-table-credentials", "table_id", "table_id", {}),
            ("POST", "/api/2.0/unity-catalog", "temporary-table-credentials", "table_id", "table_id", {}),
            ("POST", NATIVE, "temporary-volume-credentials", "volume_id", "volume_id", {}),
            ("POST", "/api/2.0/unity-catalog", "temporary-volume-credentials", "volume_id", "volume_id", {}),
            ("GET", NATIVE, "functions/{name}", "name", "function", {}),
            ("PATCH", NATIVE, "functions/{name}", "name", "function", {}),
            ("DELETE", NATIVE, "functions/{name}", "name", "function", {}),
            ("GET", NATIVE, "connections/{name}", "name", "connection", {}),
            ("PATCH", NATIVE, "connections/{name}", "name", "connection", {"options": {"host": "taken"}}),
            ("DELETE", NATIVE, "connections/{name}", "name", "connection", {}),
            ("GET", "/api/2.1", "tag-policies/{tag_key}", "tag_key", "connection", {}),
            ("PATCH", "/api/2.1", "tag-policies/{tag_key}", "tag_key", "connection", DESCRIBED),
            ("DELETE", "/api/2.1", "tag-policies/{tag_key}", "tag_key", "connection", {}),
        )
    },
    **{
        ("POST", f"{NATIVE}/{kind}"): (lambda w, more=more: {"catalog_name": w.cat, "schema_name": "s", **more})
        for kind, more in (
            ("volumes", {"name": "taken"}), ("tables", {"name": "taken"}), ("staging-tables", {"name": "taken"}),
        )
    },
    ("POST", f"{NATIVE}/functions"): lambda w: {
        "function_info": {"catalog_name": w.cat, "schema_name": "s", "name": "taken"},
    },
    **{
        (method, f"{NATIVE}/entity-tag-assignments{path}"): (
            lambda w, more=more: {"entity_type": "catalogs", "entity_name": w.cat, **more}
        )
        for method, path, more in (
            ("POST", "", {"tag_key": "taken"}),
            ("GET", "/{entity_type}/{entity_name}/tags", {}),
            ("GET", "/{entity_type}/{entity_name}/tags/{tag_key}", {"tag_key": "k"}),
            ("PATCH", "/{entity_type}/{entity_name}/tags/{tag_key}", {"tag_key": "k", "tag_value": "taken"}),
            ("DELETE", "/{entity_type}/{entity_name}/tags/{tag_key}", {"tag_key": "k"}),
        )
    },
}  # fmt: skip

LISTS: Rows = {
    ("GET", f"{NATIVE}/catalogs"): lambda _: {},
    ("GET", f"{NATIVE}/connections"): lambda _: {},
    ("GET", "/api/2.1/tag-policies"): lambda _: {},
    ("GET", "/api/2.0/lakeward/catalog/search"): lambda _: {"words": "cat"},
    ("GET", f"{NATIVE}/schemas"): lambda w: {"catalog_name": w.cat},
    **{
        ("GET", f"{NATIVE}/{kind}"): lambda w: {"catalog_name": w.cat, "schema_name": "s"}
        for kind in ("volumes", "tables", "functions")
    },
    ("GET", f"{NATIVE}/table-summaries"): lambda w: {"catalog_name": w.cat},
}  # fmt: skip

WITHOUT_OBJECT: Keys = {
    ("POST", f"{NATIVE}/catalogs"), ("POST", f"{NATIVE}/connections"), ("POST", "/api/2.1/tag-policies"),
    ("GET", f"{NATIVE}/metastore_summary"), ("GET", f"{NATIVE}/current-metastore-assignment"),
    ("GET", f"{NATIVE}/metastores"), ("GET", f"{NATIVE}/metastores/{{id}}"),
    ("GET", "/api/2.0/sql/warehouses/{warehouse_id}"),
}  # fmt: skip

MASTER: Keys = {
    (method, f"{NATIVE}/{one}")
    for method in ("PATCH", "DELETE")
    for one in ("volumes/{name}", "tables/{full_name}", "functions/{name}")
}  # fmt: skip
