"""What the browser is given: small, self-contained, readable in light and dark, allowed by the CSP."""

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
STATIC = ROOT / "static"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
PAGES = [path for path in TEMPLATES if "email" not in path.parts]


def compressed(path):
    return len(gzip.compress(path.read_bytes(), 9))


def test_first_visit_of_a_citizen_is_light():
    css = compressed(STATIC / "css/app.css")
    assert css <= 25 * 1024
    files = ["js/app.js", "js/draft.js", "img/icons.svg", "img/mark.svg", "img/favicon.svg"]
    assert css + sum(compressed(STATIC / name) for name in files) <= 40 * 1024


@pytest.mark.parametrize("name", ["app.js", "draft.js", "live.js"])
def test_scripts_are_small(name):
    assert compressed(STATIC / "js" / name) < 3 * 1024


def test_nothing_is_asked_from_another_host():
    ours = [STATIC / "css/app.css", *(STATIC / "js").glob("*.js"), *PAGES]
    for path in ours:
        text = path.read_text().replace("http://www.w3.org/2000/svg", "").replace("http%3A//www.w3.org/2000/svg", "")
        found = re.findall(r"""(?:src|href|url|import)\s*[=(]\s*["']?(?:https?:)?//[^\s"')]+""", text)
        assert found == [], path


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_templates_obey_the_csp(path):
    text = re.sub(r"{#.*?#}", "", path.read_text(), flags=re.DOTALL)
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"\son[a-z]+\s*=", text)
    assert not re.search(r"hx-on[:-]", text)
    assert not re.search(r"<style\b", text)
    assert all("src=" in tag for tag in re.findall(r"<script\b[^>]*>", text))


def test_every_icon_named_in_a_page_exists():
    symbols = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "img/icons.svg").read_text()))
    sources = "".join(path.read_text() for path in PAGES)
    named = set(re.findall(r"""{% icon "([\w-]+)\"""", sources))
    named |= set(re.findall(r"""icon_name="([\w-]+)\"""", sources))
    from core.templatetags.ui import CHANNEL_ICONS

    assert named | set(CHANNEL_ICONS.values()) <= symbols


def tokens():
    """The colour tokens of both schemes, light values filling what dark does not change."""
    text = (STATIC / "src/_tokens.scss").read_text()
    light, dark = text.split("@media (prefers-color-scheme: dark)")
    read = lambda part: dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", part))  # noqa: E731
    return {"light": read(light), "dark": {**read(light), **read(dark)}}


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


TEXT = [
    *[(ink, ground) for ink in ("ink", "ink-soft") for ground in ("canvas", "surface", "sunken", "hover", "note-soft")],
    *[(ink, "primary-soft") for ink in ("ink", "ink-soft", "primary")],
    *[(tone, ground) for tone in ("ok", "warn", "danger", "info") for ground in ("surface", "canvas", f"{tone}-soft")],
    *[("ink", f"{tone}-soft") for tone in ("ok", "warn", "danger", "info")],
    *[
        ("primary", ground)
        for ground in ("surface", "canvas", "hover", "warn-soft", "danger-soft", "info-soft", "ok-soft")
    ],
    *[("on-primary", ground) for ground in ("primary", "primary-strong", "danger", "danger-strong")],
    ("rail-ink", "rail"),
    ("rail-ink", "rail-active"),
    ("ink-soft", "sunken"),
]
CONTROLS = [
    ("line-strong", "surface"),
    ("line-strong", "canvas"),
    ("focus", "surface"),
    ("focus", "canvas"),
    ("gold-deep", "surface"),
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_have_contrast(scheme):
    colours = tokens()[scheme]
    weak = {
        (a, b): round(contrast(colours[a], colours[b]), 2)
        for pairs, least in ((TEXT, 4.5), (CONTROLS, 3.0))
        for a, b in pairs
        if contrast(colours[a], colours[b]) < least
    }
    assert weak == {}
