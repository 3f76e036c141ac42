"""The dialects as objects that are called alike: what a model is made, seen, loaded and deleted by."""

import asyncio
import json
import os
import shutil
import subprocess
import tempfile
import urllib.parse
from pathlib import Path
from typing import Any

import mlflow
import unitycatalog.client as uc
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError

from clients.dialects import speaker
from clients.server import Server

TESTS = Path(__file__).resolve().parents[2]
NEWEST = os.environ.get("LAKEWARD_TEST_NEWEST") or str(TESTS.parent / ".venv" / "bin" / "python")


OLDER = ("http", "databricks-uc", "uc")  # what mlflow 2.22 speaks


class RefusedError(Exception):
    """By the server; `code` as its answer has it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Dialect:
    """`aliases`: whether there are any in it."""

    def __init__(self, name: str, *, aliases: bool = True) -> None:
        self.name = name
        self.aliases = aliases

    def do(self, what: str, *args: Any, token: str | None = None) -> Any:
        raise NotImplementedError


class Newest:
    """mlflow 3.17 in a process of its own, with the libraries that are installed beside it; `words` for `speaker`."""

    def __init__(self, *words: str) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_ENABLE_UC")}
        self._process = subprocess.Popen(
            [NEWEST, str(Path(speaker.__file__)), *words],
            env=environment | {"PYTHONWARNINGS": "ignore"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the process with the newest client is gone"
        return json.loads(line)

    def do(self, what: str, *args: Any) -> Any:
        """Something with files, which needs no server."""
        return self.answer({"do": what, "args": args})["did"]

    def close(self) -> None:
        self._process.communicate(timeout=30)


class Mlflow(Dialect):
    """Of an mlflow, here or elsewhere."""

    def __init__(self, name: str, scheme: str, answer: Any, server: Server) -> None:
        super().__init__(name, aliases=scheme != "uc")
        self._scheme = scheme
        self._answer = answer
        self._server = server

    def do(self, what: str, *args: Any, token: str | None = None) -> Any:
        asked = {
            "dialect": self._scheme, "url": self._server.url, "token": token or self._server.token, "do": what,
            "args": args,
        }  # fmt: skip
        said = self._answer(asked)
        if "refused" in said:
            raise RefusedError(said["refused"], said["message"])
        return said["did"]


class Platform(Dialect):
    """`databricks-sdk`. It makes no versions: those are uploaded by others."""

    def __init__(self, server: Server) -> None:
        super().__init__("databricks-sdk")
        self._server = server

    def client(self, token: str | None = None) -> WorkspaceClient:
        return WorkspaceClient(host=self._server.url, token=token or self._server.token)

    def do(self, what: str, *args: Any, token: str | None = None) -> Any:
        try:
            return getattr(self, f"_{what}")(self.client(token), *args)
        except DatabricksError as error:
            raise RefusedError(error.error_code or "", str(error)) from error

    def _make(self, w: WorkspaceClient, name: str, comment: str, _source: str) -> None:
        catalog, schema, leaf = name.split(".")
        w.registered_models.create(catalog_name=catalog, schema_name=schema, name=leaf, comment=comment)

    def _see(self, w: WorkspaceClient, name: str) -> list[Any]:
        versions = sorted(str(each.version) for each in w.model_versions.list(name))
        return [w.registered_models.get(name).comment or "", versions]

    def _status(self, w: WorkspaceClient, name: str, version: str) -> str:
        return w.model_versions.get(name, int(version)).status.value

    def _load(self, w: WorkspaceClient, uri: str) -> list[float]:
        name, version = _named(uri)
        if not version.isdecimal():
            version = str(w.model_versions.get_by_alias(name, version).version)
        root = f"/Models/{name.replace('.', '/')}/{version}"
        with tempfile.TemporaryDirectory() as folder:
            _fetch(w, root, Path(folder))
            return _loaded(folder)

    def _describe(self, w: WorkspaceClient, name: str, comment: str) -> str:
        return w.registered_models.update(name, comment=comment).comment

    def _alias(self, w: WorkspaceClient, name: str, alias: str, version: str) -> None:
        w.registered_models.set_alias(name, alias, int(version))

    def _by_alias(self, w: WorkspaceClient, name: str, alias: str) -> str:
        return str(w.model_versions.get_by_alias(name, alias).version)

    def _unalias(self, w: WorkspaceClient, name: str, alias: str) -> None:
        w.registered_models.delete_alias(name, alias)

    def _rename(self, w: WorkspaceClient, name: str, new: str) -> None:
        w.registered_models.update(name, new_name=new)

    def _delete_version(self, w: WorkspaceClient, name: str, version: str) -> None:
        w.model_versions.delete(name, int(version))

    def _delete(self, w: WorkspaceClient, name: str) -> None:
        w.registered_models.delete(name)


class OpenSource(Dialect):
    """`unitycatalog-client`. Files it leaves to its callers, who go to the storage location."""

    def __init__(self, server: Server) -> None:
        super().__init__("unitycatalog-client", aliases=False)
        self._server = server

    def do(self, what: str, *args: Any, token: str | None = None) -> Any:
        return self.call(getattr(self, f"_{what}"), *args, token=token)

    def call(self, function: Any, *args: Any, token: str | None = None) -> Any:
        """The function's answer to an open client."""

        async def within() -> Any:
            configuration = uc.Configuration(host=f"{self._server.url}/api/2.1/unity-catalog")
            async with uc.ApiClient(configuration) as client:
                client.set_default_header("Authorization", f"Bearer {token or self._server.token}")
                return await function(client, *args)

        try:
            return asyncio.run(within())
        except uc.ApiException as error:
            raise RefusedError(json.loads(error.body)["error_code"], str(error.body)) from error

    async def _make(self, client: uc.ApiClient, name: str, comment: str, source: str) -> str:
        catalog, schema, leaf = name.split(".")
        asked = uc.CreateRegisteredModel(catalog_name=catalog, schema_name=schema, name=leaf, comment=comment)
        await uc.RegisteredModelsApi(client).create_registered_model(asked)
        return await self._make_version(client, name, source)

    async def _make_version(self, client: uc.ApiClient, name: str, source: str) -> str:
        catalog, schema, leaf = name.split(".")
        api = uc.ModelVersionsApi(client)
        made = await api.create_model_version(
            uc.CreateModelVersion(catalog_name=catalog, schema_name=schema, model_name=leaf, source=source)
        )
        mlflow.set_tracking_uri(self._server.url)
        with tempfile.TemporaryDirectory() as folder:
            path = mlflow.artifacts.download_artifacts(source, dst_path=folder)
            shutil.copytree(path, directory_of(made.storage_location), dirs_exist_ok=True)
        asked = uc.FinalizeModelVersion(full_name=name, version=made.version)
        done = await api.finalize_model_version(name, made.version, asked)
        assert done.status == uc.ModelVersionStatus.READY
        return str(done.version)

    async def _see(self, client: uc.ApiClient, name: str) -> list[Any]:
        versions = (await uc.ModelVersionsApi(client).list_model_versions(name)).model_versions
        model = await uc.RegisteredModelsApi(client).get_registered_model(name)
        return [model.comment or "", sorted(str(each.version) for each in versions)]

    async def _status(self, client: uc.ApiClient, name: str, version: str) -> str:
        return (await uc.ModelVersionsApi(client).get_model_version(name, int(version))).status.value

    async def _load(self, client: uc.ApiClient, uri: str) -> list[float]:
        name, version = _named(uri)
        catalog, schema, leaf = name.split(".")
        await uc.TemporaryCredentialsApi(client).generate_temporary_model_version_credentials(
            uc.GenerateTemporaryModelVersionCredential(
                catalog_name=catalog, schema_name=schema, model_name=leaf, version=int(version),
                operation=uc.ModelVersionOperation.READ_MODEL_VERSION,
            )
        )  # fmt: skip
        found = await uc.ModelVersionsApi(client).get_model_version(name, int(version))
        return _loaded(str(directory_of(found.storage_location)))

    async def _describe(self, client: uc.ApiClient, name: str, comment: str) -> str:
        asked = uc.UpdateRegisteredModel(comment=comment)
        return (await uc.RegisteredModelsApi(client).update_registered_model(name, asked)).comment

    async def _delete_version(self, client: uc.ApiClient, name: str, version: str) -> None:
        await uc.ModelVersionsApi(client).delete_model_version(name, int(version))

    async def _delete(self, client: uc.ApiClient, name: str) -> None:
        await uc.RegisteredModelsApi(client).delete_registered_model(name, force=True)


def all_of(server: Server, newest: Newest) -> dict[str, Dialect]:
    spoken = [
        *(
            Mlflow(f"{mlflow.__version__}-{each}", each, speaker.answer, server)
            for each in ("http", "databricks-uc", "uc")
        ),
        *(Mlflow(f"newest-{each}", each, newest.answer, server) for each in speaker.SCHEMES),
        Platform(server),
        OpenSource(server),
    ]
    return {each.name: each for each in spoken}


def _named(uri: str) -> tuple[str, str]:
    """The name, and the version or alias."""
    path = uri.removeprefix("models:/")
    name, at, alias = path.partition("@")
    return (name, alias) if at else tuple(path.split("/"))


def directory_of(location: str) -> Path:
    parts = urllib.parse.urlsplit(location)
    assert parts.scheme == "file", location
    return Path(urllib.parse.unquote(parts.path))


def _fetch(w: WorkspaceClient, path: str, to: Path) -> None:
    for each in w.files.list_directory_contents(path):
        target = to / each.name
        if each.is_directory:
            target.mkdir()
            _fetch(w, each.path, target)
        else:
            with w.files.download(each.path).contents as content:
                target.write_bytes(content.read())


def _loaded(folder: str) -> list[float]:
    return [float(each) for each in mlflow.pyfunc.load_model(folder).predict([1.0, 2.0])]
