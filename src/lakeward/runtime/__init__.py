"""I/O machinery without domain nouns: settings, PostgreSQL, migrations, objects, HTTP, processes, telemetry."""
