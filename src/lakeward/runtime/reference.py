"""The reference page of all settings (docs/configuration.md), made from the settings themselves."""

from lakeward.runtime.settings import MACHINE_DEFAULTS, all_settings


def reference() -> str:
    """The page as Markdown."""
    lines = [
        "# Configuration",
        "",
        "<!-- Made by `make docs`; `make check` keeps it true. -->",
        "",
        "Each setting can be given as a flag of `lakeward up`, as an environment variable, or as a key of a TOML file.",
        "A flag wins over a variable, a variable over the file, the file over the default. The file is the one that",
        "`--config` or `LAKEWARD_CONFIG` names, else `lakeward.toml` in the data directory if it is there. An unknown",
        "or wrong setting stops the start with a message that names it.",
        "",
        "| key | flag | variable | allowed | default | what it does |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for item in all_settings():
        variable = "`LAKEWARD_OBJECTS_<OPTION>`" if item.name == "objects" else f"`{item.variable}`"
        flag = "`--objects NAME=VALUE`" if item.name == "objects" else f"`{item.flag}`"
        plain = not item.default or item.name in MACHINE_DEFAULTS
        default = item.default or "none" if plain else f"`{item.default}`"
        lines.append(f"| `{item.name}` | {flag} | {variable} | {item.allowed} | {default} | {item.description} |")
    lines += [
        "",
        "An example of the file:",
        "",
        "```toml",
        "port = 5000",
        'allowed_hosts = ["mlflow.example.org"]',
        'objects_url = "s3://team-models/lakeward"',
        "",
        "[objects]",
        'endpoint = "https://minio.example.org"',
        'region = "eu-central-1"',
        "```",
        "",
        "Keys of a cloud store are better given by its own variables (such as `AWS_ACCESS_KEY_ID`) or by the machine's",
        "role than by the file. Passwords and keys are never printed.",
    ]
    return "\n".join(lines) + "\n"
