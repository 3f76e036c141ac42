"""The one settings object: what can be set, from where, and what is allowed.

A setting comes from a command-line flag, else a `LAKEWARD_*` variable, else the TOML file, else its default. A name
that is not known or a value that does not fit is a `SettingError` that names the setting and where it stood. Nothing is
read at import; `load` gets the environment as an argument. `repr` never shows a password or a key.
"""

from lakeward.runtime.settings.fields import MACHINE_DEFAULTS, Settings, redacted, without_password
from lakeward.runtime.settings.loading import SettingError, load
from lakeward.runtime.settings.words import Setting, all_settings

__all__ = [
    "MACHINE_DEFAULTS",
    "Setting",
    "SettingError",
    "Settings",
    "all_settings",
    "load",
    "redacted",
    "without_password",
]
