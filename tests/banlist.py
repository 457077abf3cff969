"""What the linters do not know: patterns this project bans. Run by `make lint`; exits 1 with one line per finding."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SKIP = {".venv", "var", "node_modules", "vendor", ".git", "migrations"}

RULES = [
    # (files, pattern, why, paths where it is allowed)
    ("*.py", r"\.update\([^)]*\bstate=(?!State|\")", "state is changed by tickets.workflow only", {"notify", "tests"}),
    ("*.py", r"(?<!gettext)\b_\(\s*f[\"']", "no f-string inside gettext", set()),
    ("*.py", r"post_transition|pre_transition|post_save|pre_save|m2m_changed", "no signals for business flow", set()),
    ("*.py", r"\btime\.sleep\(", "no sleeping", set()),
    ("*.py", r"except( Exception)?:\s*\n\s*pass\b", "no swallowed exceptions", set()),
    ("*.py", r"@pytest\.mark\.(flaky|xfail)|reruns=", "a test that cannot fail, or only sometimes, is a defect", set()),
    ("*.py", r"\b(TODO|FIXME|XXX)\b", "finish it, or write it down where it is planned", {"tests/banlist.py"}),
    ("*.html", r"<script(?![^>]*\bsrc=)[^>]*>", "no inline script: the policy forbids it", set()),
    ("*.html", r"\sstyle=\"|<style", "no inline style: the policy forbids it", {"templates/email"}),
    ("*.html", r"\son[a-z]+=\"", "no inline event handler", set()),
    ("*.html", r"(src|href)=\"https?://", "no request to another host", set()),
]


def files(pattern: str) -> list[Path]:
    return [p for p in ROOT.rglob(pattern) if not SKIP & set(p.relative_to(ROOT).parts)]


def findings() -> list[str]:
    found = []
    for pattern, expression, why, allowed in RULES:
        regex = re.compile(expression)
        for path in files(pattern):
            name = path.relative_to(ROOT).as_posix()
            if any(name.startswith(prefix) for prefix in allowed) or name == "tests/banlist.py":
                continue
            text = path.read_text(encoding="utf-8")
            found += [f"{name}:{text.count(chr(10), 0, m.start()) + 1}: {why}" for m in regex.finditer(text)]
    return found


if __name__ == "__main__":
    problems = findings()
    sys.stdout.write("\n".join(problems) + ("\n" if problems else "ban list: nothing found\n"))
    sys.exit(1 if problems else 0)
