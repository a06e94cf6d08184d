"""The small browser that links the demo."""

from applinks.demo.browser import Page, _FormReader

_PAGE = """
<form action="/other"><input name="q" value="x"></form>
<form method="post" action="/decide">
  <input type="hidden" name="csrf_token" value="a&amp;b"><button disabled hidden></button>
  <input type="checkbox" name="in" value="pages:read" checked><input type="checkbox" name="in" value="notify">
  <input type="checkbox" name="out" value="gone" disabled>
  <button name="deny" value="1">Refuse</button><button name="approve" value="1">Approve</button>
</form>
"""


def _read(text: str) -> Page:
    reader = _FormReader()
    reader.feed(text)
    return Page("http://127.0.0.1/", 200, text, tuple(reader.forms))


def test_a_form_is_found_by_its_button_and_sends_what_a_browser_would() -> None:
    """Ours: no unticked and no disabled box, no button that was not pressed."""
    form = _read(_PAGE).find_form(button="approve")
    assert form is not None
    assert (form.method, form.action) == ("post", "/decide")
    assert form.fields == [("csrf_token", "a&b"), ("in", "pages:read")]
    assert form.find_button("approve") == ("approve", "1")
    assert form.boxes == [("in", "notify")]


def test_a_page_without_the_button_has_no_such_form() -> None:
    """Ours."""
    assert _read(_PAGE).find_form(button="propose") is None
