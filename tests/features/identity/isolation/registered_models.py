"""Registered models, prompts and their versions, in each dialect that clients speak."""

from isolation.rows import NATIVE, OWN, PAIR, SECRET, UC, Keys, Rows

BY_ID: Rows = {
    # the registry
    ("GET", "registered-models/get"): lambda w: {"name": w.registered},
    ("PATCH", "registered-models/update"): lambda w: {"name": w.registered, "description": "taken"},
    ("POST", "registered-models/rename"): lambda w: {"name": w.registered, "new_name": f"taken {w.registered}"},
    ("DELETE", "registered-models/delete"): lambda w: {"name": w.registered},
    ("GET", "registered-models/get-latest-versions"): lambda w: {"name": w.registered},
    ("POST", "registered-models/get-latest-versions"): lambda w: {"name": w.registered},
    ("POST", "registered-models/set-tag"): lambda w: {"name": w.registered, **PAIR},
    ("DELETE", "registered-models/delete-tag"): lambda w: {"name": w.registered, "key": "k"},
    ("GET", "registered-models/alias"): lambda w: {"name": w.registered, "alias": SECRET},
    ("POST", "registered-models/alias"): lambda w: {"name": w.registered, "alias": "taken", "version": "1"},
    ("DELETE", "registered-models/alias"): lambda w: {"name": w.registered, "alias": SECRET},
    ("POST", "model-versions/create"): lambda w: {"name": w.registered, "source": "s3://taken"},
    ("GET", "model-versions/get"): lambda w: {"name": w.registered, "version": "1"},
    ("GET", "model-versions/get-download-uri"): lambda w: {"name": w.registered, "version": "1"},
    ("PATCH", "model-versions/update"): lambda w: {"name": w.registered, "version": "1", "description": "taken"},
    ("POST", "model-versions/transition-stage"): lambda w: {
        "name": w.registered, "version": "1", "stage": "Staging",
    },
    ("DELETE", "model-versions/delete"): lambda w: {"name": w.registered, "version": "1"},
    ("POST", "model-versions/set-tag"): lambda w: {"name": w.registered, "version": "1", **PAIR},
    ("DELETE", "model-versions/delete-tag"): lambda w: {"name": w.registered, "version": "1", "key": "k"},
    ("GET", "databricks/registered-models/get"): lambda w: {"name": w.registered},
    ("POST", "databricks/model-versions/transition-stage"): lambda w: {
        "name": w.registered, "version": "1", "stage": "Staging", "comment": "taken",
    },
    # comments and requests for transitions
    ("POST", "comments/create"): lambda w: {"name": w.registered, "version": "1", "comment": "taken"},
    ("PATCH", "comments/update"): lambda w: {"id": w.comment, "comment": "taken"},
    ("DELETE", "comments/delete"): lambda w: {"id": w.comment},
    ("GET", f"{OWN}registry/comments"): lambda w: {"name": w.registered, "version": "1"},
    ("POST", "transition-requests/create"): lambda w: {"name": w.registered, "version": "1", "stage": "Archived"},
    ("GET", "transition-requests/list"): lambda w: {"name": w.registered, "version": "1"},
    ("POST", "transition-requests/approve"): lambda w: {
        "name": w.registered, "version": "1", "stage": "Staging", "archive_existing_versions": False,
    },
    ("POST", "transition-requests/reject"): lambda w: {"name": w.registered, "version": "1", "stage": "Staging"},
    ("DELETE", "transition-requests/delete"): lambda w: {
        "name": w.registered, "version": "1", "stage": "Staging", "creator": w.asker,
    },
    # Unity Catalog
    ("GET", f"{UC}/registered-models/get"): lambda w: {"name": w.catalog},
    ("PATCH", f"{UC}/registered-models/update"): lambda w: {"name": w.catalog, "description": "taken"},
    ("DELETE", f"{UC}/registered-models/delete"): lambda w: {"name": w.catalog},
    ("POST", f"{UC}/registered-models/set-tag"): lambda w: {"name": w.catalog, **PAIR},
    ("DELETE", f"{UC}/registered-models/delete-tag"): lambda w: {"name": w.catalog, "key": "k"},
    ("GET", f"{UC}/registered-models/alias"): lambda w: {"name": w.catalog, "alias": SECRET},
    ("POST", f"{UC}/registered-models/alias"): lambda w: {"name": w.catalog, "alias": "taken", "version": "1"},
    ("DELETE", f"{UC}/registered-models/alias"): lambda w: {"name": w.catalog, "alias": SECRET},
    ("POST", f"{UC}/model-versions/create"): lambda w: {"name": w.catalog, "source": "s3://taken"},
    ("POST", f"{UC}/model-versions/finalize"): lambda w: {"name": w.catalog, "version": "2"},
    ("POST", f"{UC}/model-versions/generate-temporary-credentials"): lambda w: {"name": w.catalog, "version": "1"},
    ("POST", f"{UC}/model-versions/emit-lineage"): lambda w: {"name": w.catalog, "version": "1"},
    ("GET", f"{UC}/model-versions/get"): lambda w: {"name": w.catalog, "version": "1"},
    ("GET", f"{UC}/model-versions/get-download-uri"): lambda w: {"name": w.catalog, "version": "1"},
    ("PATCH", f"{UC}/model-versions/update"): lambda w: {"name": w.catalog, "version": "1", "description": "taken"},
    ("DELETE", f"{UC}/model-versions/delete"): lambda w: {"name": w.catalog, "version": "1"},
    ("POST", f"{UC}/model-versions/set-tag"): lambda w: {"name": w.catalog, "version": "1", **PAIR},
    ("DELETE", f"{UC}/model-versions/delete-tag"): lambda w: {"name": w.catalog, "version": "1", "key": "k"},
    ("GET", f"{UC}/prompts/{{name}}"): lambda w: {"name": w.prompt},
    ("PATCH", f"{UC}/prompts/{{name}}"): lambda w: {"name": w.prompt, "prompt": {"description": "taken"}},
    ("DELETE", f"{UC}/prompts/{{name}}"): lambda w: {"name": w.prompt},
    ("POST", f"{UC}/prompts/{{name}}/tags"): lambda w: {"name": w.prompt, **PAIR},
    ("DELETE", f"{UC}/prompts/{{name}}/tags/{{key...}}"): lambda w: {"name": w.prompt, "key": "k"},
    ("POST", f"{UC}/prompts/{{name}}/aliases/{{alias}}"): lambda w: {
        "name": w.prompt, "alias": "taken", "version": "1",
    },
    ("DELETE", f"{UC}/prompts/{{name}}/aliases/{{alias}}"): lambda w: {"name": w.prompt, "alias": SECRET},
    ("POST", f"{UC}/prompts/{{name}}/versions"): lambda w: {
        "name": w.prompt, "prompt_version": {"template": '"taken"'},
    },
    ("POST", f"{UC}/prompts/{{name}}/versions/search"): lambda w: {"name": w.prompt},
    ("GET", f"{UC}/prompts/{{name}}/versions/by-alias/{{alias}}"): lambda w: {"name": w.prompt, "alias": SECRET},
    ("GET", f"{UC}/prompts/{{name}}/versions/{{version}}"): lambda w: {"name": w.prompt, "version": "1"},
    ("PATCH", f"{UC}/prompts/{{name}}/versions/{{version}}"): lambda w: {
        "name": w.prompt, "version": "1", "prompt_version": {"description": "taken"},
    },
    ("DELETE", f"{UC}/prompts/{{name}}/versions/{{version}}"): lambda w: {"name": w.prompt, "version": "1"},
    ("POST", f"{UC}/prompts/{{name}}/versions/{{version}}/tags"): lambda w: {
        "name": w.prompt, "version": "1", **PAIR,
    },
    ("DELETE", f"{UC}/prompts/{{name}}/versions/{{version}}/tags/{{key...}}"): lambda w: {
        "name": w.prompt, "version": "1", "key": "k",
    },
    **{
        (method, f"{NATIVE}/{path}"): (lambda w, more=more: {"full_name": w.catalog, **more})
        for method, path, more in (
            ("GET", "models/{full_name}", {}),
            ("PATCH", "models/{full_name}", {"comment": "taken"}),
            ("DELETE", "models/{full_name}", {}),
            ("PATCH", "securable-tags/FUNCTION/{full_name}", {"changes": {"add_tags": [PAIR]}}),
            ("GET", "models/{full_name}/aliases/{alias}", {"alias": SECRET}),
            ("PUT", "models/{full_name}/aliases/{alias}", {"alias": "taken", "version_num": 1}),
            ("DELETE", "models/{full_name}/aliases/{alias}", {"alias": SECRET}),
            ("GET", "models/{full_name}/versions", {}),
            ("GET", "models/{full_name}/versions/{version}", {"version": "1"}),
            ("PATCH", "models/{full_name}/versions/{version}", {"version": "1", "comment": "taken"}),
            ("DELETE", "models/{full_name}/versions/{version}", {"version": "1"}),
            ("PATCH", "models/{full_name}/versions/{version}/finalize", {"version": "2"}),
            ("PATCH", "subentity-tags/FUNCTION/{full_name}/{version}", {
                "version": "1", "changes": {"add_tags": [PAIR]},
            }),
        )
    },
    **{
        ("POST", f"{NATIVE}/{path}"): (
            lambda w, more=more: {
                "catalog_name": "main", "schema_name": "default", "model_name": w.catalog.rpartition(".")[2], **more,
            }
        )
        for path, more in (
            ("models/versions", {"source": "s3://taken"}),
            ("temporary-model-version-credentials", {"version": 1}),
        )
    },
    # the registry's own extensions, and lineage
    ("GET", "/api/2.0/lakeward/registry/activity"): lambda w: {"name": w.catalog},
    ("GET", "/api/2.0/lakeward/registry/entry"): lambda w: {"name": w.prompt},
    ("PATCH", "/api/2.0/lakeward/registry/entry"): lambda w: {"name": w.prompt, "owner": "editor"},
    ("GET", "/api/2.0/lakeward/registry/prompts/diff"): lambda w: {"name": w.prompt, "from": "1", "to": SECRET},
    ("PUT", "/api/2.0/lakeward/registry/prompts/split"): lambda w: {
        "name": w.prompt, "alias": "taken", "arms": [{"version": 1, "weight": 1}, {"version": 2, "weight": 1}],
    },
    ("GET", "/api/2.0/lakeward/registry/prompts/split"): lambda w: {"name": w.prompt, "alias": "split"},
    ("DELETE", "/api/2.0/lakeward/registry/prompts/split"): lambda w: {"name": w.prompt, "alias": "split"},
    ("GET", "/api/2.0/lakeward/registry/prompts/resolve"): lambda w: {"name": w.prompt, "alias": "split"},
    **{
        ("POST", f"{UC}/prompt-versions/links-to-{kind}"): (
            lambda w, kind=kind, ids=ids: {
                "prompt_versions": [{"name": w.prompt, "version": "1"}], ids: [getattr(w, kind[:-1])],
            }
        )
        for kind, ids in (("models", "model_ids"), ("traces", "trace_ids"), ("runs", "run_ids"))
    },
}  # fmt: skip

LISTS: Rows = {
    ("GET", "registered-models/list"): lambda _: {},
    ("GET", "registered-models/search"): lambda w: {"filter": f"name = '{w.registered}'"},
    ("GET", "model-versions/search"): lambda w: {"filter": f"name = '{w.registered}'"},
    ("GET", f"{UC}/registered-models/search"): lambda _: {},
    ("GET", f"{UC}/model-versions/search"): lambda w: {"filter": f"name = '{w.catalog}'"},
    ("GET", f"{NATIVE}/models"): lambda _: {},
    ("POST", f"{UC}/prompts/search"): lambda _: {
        "catalog_schema": {"catalog_name": "main", "schema_name": "default"},
    },
}  # fmt: skip

WITHOUT_OBJECT: Keys = {
    ("POST", "registered-models/create"), ("POST", f"{UC}/registered-models/create"), ("POST", f"{UC}/prompts"),
    ("POST", f"{NATIVE}/models"),
    ("GET", f"{UC}/registered-models:is-databricks-sdk-models-artifact-repository-enabled"),
}  # fmt: skip

MASTER: Keys = {
    ("POST", "registered-models/rename"), ("DELETE", "registered-models/delete"), ("DELETE", "model-versions/delete"),
    ("DELETE", f"{UC}/registered-models/delete"), ("DELETE", f"{UC}/model-versions/delete"),
    ("DELETE", f"{NATIVE}/models/{{full_name}}"), ("DELETE", f"{NATIVE}/models/{{full_name}}/versions/{{version}}"),
    ("DELETE", f"{UC}/prompts/{{name}}"), ("DELETE", f"{UC}/prompts/{{name}}/versions/{{version}}"),
    ("PATCH", f"{OWN}registry/entry"),
}  # fmt: skip

STAGER: Keys = {
    ("POST", "model-versions/transition-stage"), ("POST", "databricks/model-versions/transition-stage"),
    ("POST", "transition-requests/approve"), ("POST", "transition-requests/reject"),
}  # fmt: skip

AUTHOR: Keys = {
    ("PATCH", "comments/update"), ("DELETE", "comments/delete"), ("DELETE", "transition-requests/delete"),
}  # fmt: skip
