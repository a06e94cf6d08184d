"""Every page, rendered from samples."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from applinks.web.pages.rendering import get_stylesheet, render_html
from tests.pages.samples import NOW, PAGES

SOURCE = Path(__file__).parents[2] / "src" / "applinks"
CLASSES = re.compile(r"\bal-[a-z0-9-]+")


def render(name: str) -> str:
    template, page, shell = PAGES[name]
    return render_html(template, page=page, shell=shell, now=NOW)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_needs_no_script_and_no_inline_style(name: str) -> None:
    """Mockups: works under style-src 'self'."""
    html = render(name)
    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|javascript:", html)
    assert not re.search(r'(?:src|<link[^>]*href)="(?:https?:)?//', html)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_one_heading_and_at_most_one_main_button(name: str) -> None:
    """Mockups: one main button per page."""
    html = render(name)
    assert html.count("<h1") == 1
    body = html if name != "account" else ""
    assert body.count("al-btn--main") <= 1


@pytest.mark.parametrize("name", PAGES)
def test_every_form_that_changes_something_carries_the_token(name: str) -> None:
    """Security N-08."""
    for form in re.findall(r"<form[^>]*post.*?</form>", render(name), re.DOTALL):
        assert 'name="csrf_token" value="sample"' in form


@pytest.mark.parametrize("name", PAGES)
def test_ids_are_unique_and_labels_lead_to_fields(name: str) -> None:
    """WCAG 1.3.1."""
    html = render(name)
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(set(ids)) == len(ids)
    for named in re.findall(r'(?:for|aria-labelledby|aria-describedby)="([^"]+)"', html):
        assert set(named.split()) <= set(ids)


@pytest.mark.parametrize("name", ["approve-link", "consent", "consent-public", "keys", "delete", "new-link", "answer"])
def test_enter_decides_nothing(name: str) -> None:
    """Handshake §7: nothing is preselected by Enter."""
    html = render(name)
    for form in re.findall(r"<form[^>]*post.*?</form>", html, re.DOTALL):
        if 'name="look"' not in form:
            assert form.index('<button formmethod="dialog" hidden>') < form.index("<button class")


def test_the_approving_page_keeps_the_order_of_the_handshake() -> None:
    """Handshake §7: address, name, began just now, who you are, directions, level, http, key, expiry; Refuse first."""
    html = render("approve-link-odd")
    shown = [
        'class="al-address">https://xn--trcker-eua.hafen.example',
        "träcker.hafen.example",
        "calls itself",
        "began this there just now",
        "You are <strong>Dana Ito</strong>",
        "Tracker may",
        "Level: OAuth",
        "Start page may",
        "not encrypted",
        "t2Ma 9fQw 71Lb c0De",
        "good for another 8 minutes",
        ">Refuse<",
        ">Approve and link<",
    ]
    places = [html.index(text) for text in shown]
    assert places == sorted(places)


def test_hostile_names_are_text() -> None:
    """Handshake §10: hostile name."""
    template, page, shell = PAGES["approve-link"]
    hostile = replace(page.them, name='"><img src=x onerror=alert(1)>%(x)s{{ 7*7 }}')
    html = render_html(template, page=replace(page, them=hostile), shell=shell, now=NOW)
    assert "<img" not in html
    assert "49" not in html


def test_the_stylesheet_keeps_its_budget_and_holds_nothing_unused() -> None:
    """Mockups: 45 KB, and what a page no longer uses goes."""
    css = get_stylesheet().decode()
    assert len(css.encode()) <= 45 * 1024
    files = [*(SOURCE / "web" / "templates").iterdir(), *(SOURCE / "demo").rglob("*")]
    used = set(CLASSES.findall("".join(path.read_text("utf-8") for path in files if path.suffix in {".html", ".py"})))
    made = {"al-lane--in", "al-lane--out", *(f"al-tile--{tint}" for tint in range(1, 7))}
    defined = set(re.findall(r"\.(al-[a-z0-9-]+)", css))
    assert defined - used - made == set()
    assert not re.search(r"@import|url\(", css)


def test_every_class_of_a_template_is_in_the_stylesheet() -> None:
    """Ours: no class without a rule."""
    defined = set(re.findall(r"\.(al-[a-z0-9-]+)", get_stylesheet().decode()))
    for name in PAGES:
        for value in re.findall(r'class="([^"]+)"', render(name)):
            assert {each for each in value.split() if each.startswith("al-")} <= defined, name
