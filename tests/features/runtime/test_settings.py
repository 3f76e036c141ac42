"""Where settings come from, what is refused, and that secrets stay inside."""

from pathlib import Path

import msgspec
import pytest

from lakeward.runtime import settings as module
from lakeward.runtime.reference import reference
from lakeward.runtime.settings import SettingError, Settings, all_settings, load, redacted

ROOT = Path(__file__).parents[3]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_defaults(monkeypatch):
    monkeypatch.setenv("HOME", "/somewhere")
    settings = load({}, {})
    assert settings.data == Path("/somewhere/.lakeward")
    assert (settings.host, settings.port, settings.role) == ("127.0.0.1", 5000, "all")
    assert 1 <= settings.workers <= 4
    assert settings.database_url is None
    assert settings.objects_location == "/somewhere/.lakeward/objects"
    assert settings.max_body == 64 * 1024 * 1024
    assert settings.trash_retention == 30


def test_precedence_flag_over_variable_over_file_over_default(data):
    write(data / "lakeward.toml", "port = 1001\nworkers = 3\nlog_level = 'debug'\n")
    settings = load({"data": str(data), "port": "1003"}, {"LAKEWARD_PORT": "1002", "LAKEWARD_WORKERS": "2"})
    assert settings.port == 1003
    assert settings.workers == 2
    assert settings.log_level == "debug"
    assert settings.log_format == "text"


def test_a_flag_of_none_is_not_given(data):
    assert load({"data": str(data), "port": None}, {"LAKEWARD_PORT": "1002"}).port == 1002


def test_the_named_file_wins_over_the_one_in_the_data_directory(data, tmp_path):
    write(data / "lakeward.toml", "port = 1001")
    by_variable = write(tmp_path / "b.toml", "port = 1002")
    by_flag = write(tmp_path / "c.toml", f"port = 1003\ndata = '{data}'")
    assert load({"data": data}, {}).port == 1001
    assert load({"data": data}, {"LAKEWARD_CONFIG": str(by_variable)}).port == 1002
    settings = load({}, {"LAKEWARD_CONFIG": str(by_variable)}, by_flag)
    assert (settings.port, settings.data) == (1003, data)


def test_the_data_directory_of_a_variable_holds_the_file(data):
    write(data / "lakeward.toml", "port = 1001")
    assert load({}, {"LAKEWARD_DATA": str(data)}).port == 1001


def test_object_options_meet_from_all_layers(data):
    write(data / "lakeward.toml", "[objects]\nregion = 'file'\nendpoint = 'file'\naccess_key_id = 'file'\n")
    environ = {"LAKEWARD_OBJECTS_REGION": "variable", "LAKEWARD_OBJECTS_ENDPOINT": "variable"}
    settings = load({"data": data, "objects": {"endpoint": "flag"}}, environ)
    assert settings.objects == {"region": "variable", "endpoint": "flag", "access_key_id": "file"}
    assert load({"data": data}, {"LAKEWARD_OBJECTS_URL": "s3://bucket"}).objects_url == "s3://bucket"


def test_lists_and_empty_values_of_variables(data):
    environ = {"LAKEWARD_ALLOWED_HOSTS": "a.example, b_1, ::1,*,", "LAKEWARD_DATABASE_URL": ""}
    settings = load({"data": data}, environ)
    assert settings.allowed_hosts == ("a.example", "b_1", "::1", "*")
    assert settings.database_url is None


@pytest.mark.parametrize(
    ("flags", "environ", "words"),
    [
        ({"port": "70000"}, {}, ["--port", "65535"]),
        ({"port": "x"}, {}, ["--port", "'x'", "whole number"]),
        ({}, {"LAKEWARD_PORT": "-1"}, ["LAKEWARD_PORT", "0"]),
        ({}, {"LAKEWARD_WORKERS": "0"}, ["LAKEWARD_WORKERS", "from 1"]),
        ({}, {"LAKEWARD_WORKERS": "1.5"}, ["LAKEWARD_WORKERS"]),
        ({}, {"LAKEWARD_LOG_LEVEL": "loud"}, ["LAKEWARD_LOG_LEVEL", "debug, info, warning, error"]),
        ({"role": "boss"}, {}, ["--role", "all, api, worker"]),
        ({"role": "api"}, {}, ["--role", "database_url"]),
        ({}, {"LAKEWARD_PROT": "1"}, ["LAKEWARD_PROT", "LAKEWARD_PORT"]),
        ({}, {"LAKEWARD_COLOUR": "1"}, ["LAKEWARD_COLOUR", "known are"]),
        ({}, {"LAKEWARD_OBJECTS": "x"}, ["LAKEWARD_OBJECTS"]),
        ({}, {"LAKEWARD_ALLOWED_HOSTS": "a.example:5000"}, ["LAKEWARD_ALLOWED_HOSTS", "without scheme and port"]),
        ({}, {"LAKEWARD_ALLOWED_HOSTS": "a.example,,http://b"}, ["LAKEWARD_ALLOWED_HOSTS"]),
        ({"prot": 1}, {}, ["prot", "port"]),
        ({"data": ""}, {}, ["--data", "path"]),
        ({"objects_url": "ftp://x"}, {}, ["--objects-url", "ftp", "s3"]),
        ({}, {"LAKEWARD_CONFIG": "/does/not/exist.toml"}, ["/does/not/exist.toml", "No such file"]),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed(data, flags, environ, words):
    with pytest.raises(SettingError) as error:
        load({"data": data, **flags}, environ)
    for word in words:
        assert word in error.value.message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("prot = 1", ["prot", "did you mean port"]),
        ("port = '5000'", ["port in ", "Expected `int`"]),
        ("port = true", ["port in ", "Expected `int`"]),
        ("workers = 1.5", ["workers in "]),
        ("allowed_hosts = 'a'", ["allowed_hosts in ", "list of host names"]),
        ("[objects]\nregion = 1", ["objects in "]),
        ("port =", ["is not TOML"]),
        ("data = '/x'", ["data in ", "--config"]),
        ("data = 5", ["data in "]),
    ],
)
def test_a_wrong_line_of_the_file_is_named(data, text, words):
    path = write(data / "lakeward.toml", text)
    with pytest.raises(SettingError) as error:
        load({"data": data}, {})
    for word in [*words, str(path)]:
        assert word in error.value.message


@pytest.mark.parametrize("url", ["mysql://u:sesame@h/db", "sqlite:///x.db", "host=a password=sesame"])
def test_only_postgresql_and_the_password_stays_out_of_the_message(data, url):
    with pytest.raises(SettingError) as error:
        load({"data": data, "database_url": url}, {})
    assert "postgresql://" in error.value.message
    assert "sesame" not in error.value.message


def test_secrets_are_never_shown(data):
    environ = {
        "LAKEWARD_DATABASE_URL": "postgresql://me:sesame@db:5432/x?sslpassword=sesame&sslmode=require",
        "LAKEWARD_OBJECTS_SECRET_ACCESS_KEY": "sesame",
        "LAKEWARD_OBJECTS_REGION": "eu-central-1",
    }
    settings = load({"data": data}, environ)
    for shown in (repr(settings), str(settings), f"{settings}", str(redacted(settings))):
        assert "sesame" not in shown
        assert "postgresql://me:***@db:5432/x" in shown
        assert "eu-central-1" in shown
    assert "sesame" in str(settings.database_url)


def test_relative_data_becomes_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load({"data": "here"}, {}).data == tmp_path / "here"


def test_loopback():
    assert all(Settings(data=Path("/x"), host=host).loopback for host in ("127.0.0.1", "127.1.2.3", "::1", "localhost"))
    assert not any(
        Settings(data=Path("/x"), host=host).loopback for host in ("0.0.0.0", "::", "10.0.0.1", "127.1", "db.example")
    )


def test_settings_are_frozen():
    with pytest.raises(AttributeError):
        Settings(data=Path("/x")).port = 1


def test_every_setting_is_described_and_on_the_reference_page():
    names = {field.name for field in msgspec.structs.fields(Settings)}
    assert {setting.name for setting in all_settings()} == names
    for setting in all_settings():
        assert setting.description.endswith(".")
        assert f"| `{setting.name}` |" in reference()
    assert (ROOT / "docs" / "configuration.md").read_text("utf-8") == reference()


def test_nothing_reads_the_environment_at_import(monkeypatch):
    monkeypatch.setenv("LAKEWARD_NONSENSE", "1")
    source = Path(module.__file__).read_text("utf-8")
    assert "environ" in source
    assert "os.environ" not in source
    assert "getenv" not in source
