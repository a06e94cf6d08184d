"""Times as people say them."""

from datetime import UTC, datetime

from applinks.words.language import gettext as _
from applinks.words.language import mark, ngettext


def say_when(at: int, *, now: int, bare: bool = False) -> str:
    """Say how long ago something was: *2 minutes ago*, *on 3 November* (``bare``: *3 November*, for a column)."""
    gone = now - at
    if gone < 45:
        return _("just now")
    if gone < 3600:
        minutes = max(1, round(gone / 60))
        return ngettext("{n} minute ago", "{n} minutes ago", minutes).format(n=minutes)
    if gone < 86400:
        hours = gone // 3600
        return ngettext("{n} hour ago", "{n} hours ago", hours).format(n=hours)
    if gone < 7 * 86400:
        days = gone // 86400
        return ngettext("{n} day ago", "{n} days ago", days).format(n=days)
    date = say_date(at, now=now)
    return date if bare else _("on {date}").format(date=date)


def say_remaining(seconds: int) -> str:
    """Say how much longer something lasts: *8 minutes*."""
    if seconds < 60:
        return _("less than a minute")
    if seconds < 3600:
        minutes = seconds // 60
        return ngettext("{n} minute", "{n} minutes", minutes).format(n=minutes)
    if seconds < 2 * 86400:
        hours = seconds // 3600
        return ngettext("{n} hour", "{n} hours", hours).format(n=hours)
    days = seconds // 86400
    return ngettext("{n} day", "{n} days", days).format(n=days)


def say_date(at: int, *, now: int) -> str:
    """Give the day: *3 November*, with the year if it is another one."""
    day = datetime.fromtimestamp(at, UTC)
    text = f"{day.day} {_(_MONTHS[day.month - 1])}"
    return text if day.year == datetime.fromtimestamp(now, UTC).year else f"{text} {day.year}"


# fmt: off
_MONTHS = (
    mark("January"), mark("February"), mark("March"), mark("April"),
    mark("May"), mark("June"), mark("July"), mark("August"),
    mark("September"), mark("October"), mark("November"), mark("December"),
)
# fmt: on
