"""Every way to an artifact's bytes."""

from isolation.rows import FILE, Rows

BY_ID: Rows = {
    # artifacts
    ("GET", "artifacts/list"): lambda w: {"run_id": w.run},
    ("POST", "artifacts/credentials-for-read"): lambda w: {"run_id": w.run, "path": [FILE]},
    ("POST", "artifacts/credentials-for-write"): lambda w: {"run_id": w.run, "path": ["taken.txt"]},
    ("POST", "artifacts/presigned-download-url"): lambda w: {"run_id": w.run, "path": FILE},
    ("POST", "artifacts/presigned-upload-url"): lambda w: {"run_id": w.run, "path": "taken.txt"},
    ("POST", "artifacts/create-multipart-upload"): lambda w: {"run_id": w.run, "path": "taken.txt", "num_parts": 1},
    ("POST", "artifacts/complete-multipart-upload"): lambda w: {
        "run_id": w.run, "path": "taken.txt", "upload_id": w.upload, "part_etags": [],
    },
    ("GET", "artifacts/get-presigned-upload-part-url"): lambda w: {
        "run_id": w.run, "path": "taken.txt", "upload_id": w.upload, "part_number": 1,
    },
    ("POST", "logged-models/{model_id}/artifacts/credentials-for-download"): lambda w: {
        "model_id": w.model, "paths": [FILE],
    },
    ("POST", "logged-models/{model_id}/artifacts/credentials-for-upload"): lambda w: {
        "model_id": w.model, "paths": ["taken.txt"],
    },
    ("GET", "logged-models/{model_id}/artifacts/directories"): lambda w: {"model_id": w.model},
    ("GET", "/get-artifact"): lambda w: {"run_id": w.run, "path": FILE},
    ("POST", "/ajax-api/2.0/mlflow/upload-artifact"): lambda w: {"run_uuid": w.run, "path": "taken.txt"},
    ("GET", "/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files"): lambda w: {
        "model_id": w.model, "artifact_file_path": FILE,
    },
    # the mlflow-artifacts proxy
    ("GET", "/api/2.0/mlflow-artifacts/artifacts"): lambda w: {"path": w.place},
    **{
        (method, f"/api/2.0/mlflow-artifacts/{what}/{{artifact_path...}}"): (
            lambda w, what=what, more=more: {
                "artifact_path": w.place if what.startswith("mpu") else f"{w.place}/{FILE}", **more(w),
            }
        )
        for method, what, more in (
            ("GET", "artifacts", lambda _: {}),
            ("PUT", "artifacts", lambda _: {}),
            ("DELETE", "artifacts", lambda _: {}),
            ("GET", "presigned", lambda _: {}),
            ("POST", "mpu/create", lambda _: {"path": "taken.txt", "num_parts": 1}),
            ("POST", "mpu/complete", lambda w: {"path": "taken.txt", "upload_id": w.upload, "parts": []}),
            ("POST", "mpu/abort", lambda w: {"path": "taken.txt", "upload_id": w.upload}),
        )
    },
    # the Files API
    ("HEAD", "/api/2.0/fs/directories/{directory_path...}"): lambda w: {"directory_path": w.folder},
    ("GET", "/api/2.0/fs/directories/{directory_path...}"): lambda w: {"directory_path": w.folder},
    ("PUT", "/api/2.0/fs/directories/{directory_path...}"): lambda w: {"directory_path": f"{w.folder}/taken"},
    ("DELETE", "/api/2.0/fs/directories/{directory_path...}"): lambda w: {"directory_path": f"{w.folder}/folder"},
    ("GET", "/api/2.0/fs/files/{file_path...}"): lambda w: {"file_path": f"{w.folder}/{FILE}"},
    ("PUT", "/api/2.0/fs/files/{file_path...}"): lambda w: {"file_path": f"{w.folder}/{FILE}", "overwrite": "true"},
    ("POST", "/api/2.0/fs/files/{file_path...}"): lambda w: {
        "file_path": f"{w.folder}/taken.txt", "action": "initiate-upload",
    },
    ("DELETE", "/api/2.0/fs/files/{file_path...}"): lambda w: {"file_path": f"{w.folder}/{FILE}"},
    ("POST", "/api/2.0/fs/create-download-url"): lambda w: {"path": f"/{w.folder}/{FILE}"},
    ("POST", "/api/2.0/fs/create-upload-url"): lambda w: {"path": f"/{w.folder}/taken.txt"},
    ("POST", "/api/2.0/fs/create-upload-part-urls"): lambda w: {
        "path": f"/{w.folder}/taken.txt", "session_token": w.upload, "start_part_number": 1, "count": 1,
    },
    ("POST", "/api/2.0/fs/create-abort-upload-url"): lambda w: {
        "path": f"/{w.folder}/taken.txt", "session_token": w.upload,
    },
}  # fmt: skip
