"""Every statement of lineage: `links` read what other features keep, `metadata` and `external` what is declared."""
