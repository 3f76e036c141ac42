"""The web interface: the files that `web/` was built into, served to browsers.

Owns no data and no rights. The files are the same for everybody and answer anybody; what a page shows, it asks from the
API like any other client, with the caller's own token. Pages live under `/ml` and at `/`, the forms of URL that clients
print, so that a page never takes a name the API may want.
"""
