"""Print the machine's pip configuration as shell exports that uv understands: mirrors, certificates, time-outs.

uv reads neither pip.conf nor PIP_* variables. A machine that reaches its packages only through what pip is told would
otherwise fail. A variable of uv that is already set stays as it is.
"""

import ast
import os
import shlex
import subprocess
import sys

# pip's option → uv's variable. Lists are separated by spaces on both sides, but for find-links.
VARIABLES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "timeout": "UV_HTTP_TIMEOUT",
    "trusted-host": "UV_INSECURE_HOST",
    "proxy": "ALL_PROXY",
}
WEIGHT = {"global": 0, "install": 1, ":env:": 2}  # the later wins, as in pip


def pip_options() -> dict[str, str]:
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    ).stdout
    found: dict[str, tuple[int, str]] = {}
    for line in listing.splitlines():
        name, _, value = line.partition("=")
        section, _, option = name.rpartition(".")
        if section in WEIGHT and option in VARIABLES and WEIGHT[section] >= found.get(option, (0, ""))[0]:
            found[option] = WEIGHT[section], ast.literal_eval(value)
    return {option: value for option, (_, value) in found.items()}


def main() -> None:
    options = pip_options()
    exports = {VARIABLES[option]: " ".join(value.split()) for option, value in options.items()}
    if "UV_FIND_LINKS" in exports:
        exports["UV_FIND_LINKS"] = exports["UV_FIND_LINKS"].replace(" ", ",")
    if "UV_INDEX" in exports:
        exports["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # what pip does: the best file of all indexes
    for variable, value in exports.items():
        if variable not in os.environ:
            print(f"export {variable}={shlex.quote(value)}")


if __name__ == "__main__":
    main()
