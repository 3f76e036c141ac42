"""A prompt is loaded by whoever has EXECUTE on it, and by nobody else, in each dialect whose client knows prompts.

At every address that shows one: features/registry/test_without_execute.py.
"""

import uuid

import pytest

from clients.dialects.dialects import Dialect, RefusedError
from clients.dialects.test_models import grant
from clients.server import Server

pytestmark = pytest.mark.beyond

SPEAKERS = ("2.22.5-http", "newest-http", "newest-databricks-uc", "newest-native")
TEXT = "Hello {{ name }}"


def test_without_execute_no_client_loads_a_prompt(dialects: dict[str, Dialect], server: Server):
    """And with it each does, by the same token."""
    catalog = f"c{uuid.uuid4().hex[:8]}"
    who, name = f"reader-{catalog}", f"{catalog}.s.p"
    in_schema = f"catalog = '{catalog}' AND schema = 's'"
    owner, http, uc = (dialects[each] for each in ("databricks-sdk", "newest-http", "newest-databricks-uc"))
    token = server.make_token(who, "--role", "use")
    owner.client().catalogs.create(catalog)
    owner.client().schemas.create("s", catalog)
    uc.do("make_prompt", name, TEXT, "live")
    grant(owner.client(), "catalog", catalog, who, "USE_CATALOG", "USE_SCHEMA")
    for each in SPEAKERS:
        for uri in (f"prompts:/{name}/1", f"prompts:/{name}@live"):
            with pytest.raises(RefusedError) as refused:
                dialects[each].do("load_prompt", uri, token=token)
            # 2.22 has the code in its message, and of an alias says but that there is none
            said = "does not exist" if each.startswith("2.22") and "@" in uri else "PERMISSION_DENIED"
            assert said in str(refused.value), (each, uri)
    assert http.do("find_prompts", f"name = '{name}'", token=token) == []
    assert uc.do("find_prompts", in_schema, token=token) == []

    grant(owner.client(), "function", name, who, "EXECUTE")
    for each in SPEAKERS:
        for uri in (f"prompts:/{name}/1", f"prompts:/{name}@live"):
            assert dialects[each].do("load_prompt", uri, token=token) == TEXT, (each, uri)
    assert http.do("find_prompts", f"name = '{name}'", token=token) == [name]
    assert uc.do("find_prompts", in_schema, token=token) == [name]
    for each in (http, uc):
        with pytest.raises(RefusedError) as refused:
            each.do("make_prompt", name, "Other", "live", token=token)
        assert refused.value.code == "PERMISSION_DENIED", each.name
    owner.client().catalogs.delete(catalog, force=True)
