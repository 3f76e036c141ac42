"""Lineage, and what is declared about systems elsewhere."""

from isolation.rows import DESCRIBED, TRACKING, Keys, Rows

BY_ID: Rows = {
    # external lineage
    **{
        (method, f"{TRACKING}/external-metadata/{{name}}"): (lambda w, more=more: {"name": w.connection, **more})
        for method, more in (("GET", {}), ("PATCH", DESCRIBED), ("DELETE", {}))
    },
    ("POST", f"{TRACKING}/external-lineage"): lambda w: {
        "source": {"table": {"name": w.table}}, "target": {"external_metadata": {"name": w.connection}},
        "properties": {"taken": "taken"},
    },
    ("PATCH", f"{TRACKING}/external-lineage"): lambda w: {
        "source": {"external_metadata": {"name": w.connection}}, "target": {"table": {"name": w.table}},
        "properties": {"taken": "taken"}, "update_mask": "properties",
    },
    ("GET", f"{TRACKING}/external-lineage"): lambda w: {
        "object_info.external_metadata.name": w.connection, "lineage_direction": "DOWNSTREAM",
    },
    ("DELETE", f"{TRACKING}/external-lineage"): lambda w: {
        "external_lineage_relationship.source.external_metadata.name": w.connection,
        "external_lineage_relationship.target.table.name": w.table,
    },
    # the registry's own extensions, and lineage
    ("GET", "/api/2.0/lakeward/lineage"): lambda w: {"kind": "RUN", "id": w.run},
}  # fmt: skip

LISTS: Rows = {
    ("GET", f"{TRACKING}/external-metadata"): lambda _: {},
}  # fmt: skip

WITHOUT_OBJECT: Keys = {
    ("POST", f"{TRACKING}/external-metadata"),
}  # fmt: skip
