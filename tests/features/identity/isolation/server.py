"""The server as a whole."""

from isolation.rows import Keys, Rows

BY_ID: Rows = {
    ("POST", "/api/2.0/lakeward/purge"): lambda w: {
        "experiment_ids": [w.experiment], "run_ids": [w.run], "model_ids": [w.model],
    },
}  # fmt: skip

WITHOUT_OBJECT: Keys = {
    ("GET", "/metrics"), ("GET", "/api/2.0/lakeward/audit"),
    # of the server as a whole; tests/features/tracing/test_prices.py looks who may
    ("GET", "/api/2.0/lakeward/prices"), ("PUT", "/api/2.0/lakeward/prices"),
    ("DELETE", "/api/2.0/lakeward/prices/{price_id}"),
    ("GET", "/api/2.0/lakeward/system"),  # tests/features/runtime/test_system.py looks who may
}  # fmt: skip
