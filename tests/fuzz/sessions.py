"""Connections for generated requests: kept open, and nothing of one answer goes along with the next request."""

from http.cookiejar import DefaultCookiePolicy

import requests


def session() -> requests.Session:
    made = requests.Session()
    made.trust_env = False
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return made
