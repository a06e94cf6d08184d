"""A form whose answer shows a secret is answered once: sent again by *reload*, it makes nothing more."""

from applinks.entropy import new_id
from applinks.web.pages.visit import Visit

FIELD = "once"
"""The hidden field that names a form."""

_DONE = "answered"
_MOST_KEPT = 10


def name_form(visit: Visit) -> str:
    """Give a name to a form that is shown."""
    return new_id(visit.context.entropy, "frm")


def find_done(visit: Visit) -> str:
    """Give the page of what came of the form that was sent, if it has been answered already; empty: it has not."""
    return str(visit.session.data.get(_DONE, {}).get(visit.form.get(FIELD), ""))


async def mark_done(visit: Visit, url: str) -> None:
    """Note that the form that was sent is answered, and what came of it has this page."""
    kept = [*visit.session.data.get(_DONE, {}).items(), ((visit.form.get(FIELD) or "")[:100], url)]
    visit.session.data[_DONE] = dict(kept[-_MOST_KEPT:])
    await visit.session.save()
