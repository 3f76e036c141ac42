"""Every statement of the catalog: `places` are catalogs, schemas and bindings, `assets` what stands in them, `tags`."""
