# ruff: noqa: E501 - tables of one case a line
"""HTML as readable text, and as a safe subset."""

import pytest

from channels_bot.email import html, markup

TEXTS = {
    "lines": ("<div>a</div><div>b</div><div><br></div><div>c</div>", "a\nb\n\nc"),
    "paragraphs": ("<p>a</p><p>b<br>c</p>d", "a\n\nb\nc\n\nd"),
    "table": ("<table><tr><th>No</th><th>Barang</th></tr><tr><td><p>1</p></td><td><p>PC</p></td></tr></table>", "No | Barang\n1 | PC"),
    "lists": ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul><ol><li>x<li>y</ol>", "- a\n  - b\n- c\n\n1. x\n2. y"),
    "quotation": ("<blockquote>q<blockquote>r</blockquote></blockquote>j", "> q\n> > r\nj"),
    "preformatted": ("<pre>a\n  b</pre>", "a\n  b"),
    "links": ('<a href="https://x.id/a">sini</a>, <a href=https://y.id>https://y.id</a>', "sini (https://x.id/a), https://y.id"),
    "unsafe-link": ('<a href="javascript:alert(1)">klik</a>', "klik"),
    "conditional-comments": ("<!--[if mso]>x<![endif]-->a<![if !mso]>b<![endif]>", "ab"),
    "entities": ("&lt;b&gt; &amp; &eacute; 3 < 5", "<b> & é 3 < 5"),
    "stray-quote": ("<p title=it's>a</p><p>b's</p>", "a\n\nb's"),
    "open-head": ("<head><title>J</title><style>p{}</style><body>a", "a"),
    "script": ("a<script>x</script>b<SCRIPT>y</SCRIPT >c", "abc"),
    "unfinished-comment": ("a<!-- b<p>c</p>", "a b\n\nc"),
    "unfinished-tag": ("a <b", "a <b"),
    "outlook-paragraphs": ("<p class=MsoNormal>a</p><p class=MsoNormal>&nbsp;</p><p class=MsoNormal>b</p>", "a\n\nb"),
    "greater-in-attribute": ('<a title="a>b" href="https://x.id">c</a>', "c (https://x.id)"),
    "preheader-padding": ("<div>\u200b\u034f \u00ad</div>a", "a"),
    "huge-number": ("&#" + "9" * 5000 + ";a", "&#" + "9" * 5000 + ";a"),
    "layout-table": ("<table><tr><td><table><tr><td>a</td></tr></table></td></tr><tr><td>b</td></tr></table>", "a\n\nb"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "text"), TEXTS.values(), ids=TEXTS.keys())
def test_text_of_html(source, text):
    assert html.to_text(source) == text


def test_attributes_of_every_quoting():
    tag = next(iter(markup.read("<a title=' class=z' href='x y' CLASS=\"b&amp;c\" id=d>")))
    assert tag.attributes() == {"href": "x y", "class": "b&c", "id": "d"}


def test_the_safe_subset():
    dirty = (
        '<p onclick="x()" style="color:red">a</p><script>1</script><img src="http://lain/x.png"><img src="cid:a">'
        '<a href="javascript:x">b</a><a href=" JAVASCRIPT:x">b</a><form><input></form><iframe src=x></iframe>'
        '<svg onload=x></svg><img src="data:image/png;base64,x"><a href="cid:a">c</a><base href="http://lain">'
    )
    clean = html.clean(dirty)
    for word in ("script", "onclick", "style", "lain", "<form", "<iframe", "svg", "data:", 'href="cid', "<base"):
        assert word not in clean.lower(), word
    assert 'src="cid:a"' in clean and "<p>a</p>" in clean


def test_what_is_too_large_or_too_deep_is_not_shown():
    assert html.clean("x" * (html.MAX_HTML + 1)) == ""
    assert html.clean("<div>" * 30_000) == ""
    assert html.clean("<p>halo" * 5_000).count("halo") == 5_000


def test_quadratic_nesting_is_killed_in_time(monkeypatch):
    monkeypatch.setattr(html, "CLEAN_SECONDS", 0.5)
    monkeypatch.setattr(html, "MAX_NESTING", 10**9)
    assert html.clean("<div>" * 190_000) == ""
