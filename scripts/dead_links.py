"""Links in the documentation that lead nowhere: files that do not exist, headings that are not there.

Only links inside the checkout are looked at; the network is not asked.
"""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parent.parent
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)|!\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_OUTSIDE = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def pages(root: Path = ROOT) -> list[Path]:
    """The Markdown files of the checkout: in git, or about to be."""
    command = ["git", "-C", str(root), "ls-files", "-co", "--exclude-standard", "*.md"]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [root / name for name in sorted(set(names)) if (root / name).is_file()]


@cache
def anchors(page: Path) -> frozenset[str]:
    """The anchors of a page's headings, made as code hosts make them."""
    found: dict[str, int] = {}
    names = []
    for heading in re.findall(r"^#{1,6}\s+(.*?)\s*#*$", _FENCE.sub("", page.read_text("utf-8")), re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        again = found.get(slug, 0)
        found[slug] = again + 1
        names.append(f"{slug}-{again}" if again else slug)
    return frozenset(names)


def broken(page: Path) -> list[str]:
    """Each link of the page that leads nowhere, with the reason."""
    text = _CODE.sub("", _FENCE.sub("", page.read_text("utf-8")))
    problems = []
    for match in _LINK.finditer(text):
        link = match.group(1) or match.group(2)
        if _OUTSIDE.match(link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / unquote(path)).resolve() if path else page
        if not target.exists():
            problems.append(f"{link}: no such file")
        elif anchor and target.suffix == ".md" and anchor not in anchors(target):
            problems.append(f"{link}: no such heading")
    return problems


def main() -> int:
    problems = [f"{page.relative_to(ROOT)}: {problem}" for page in pages() for problem in broken(page)]
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
