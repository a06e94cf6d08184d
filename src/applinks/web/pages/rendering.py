"""Templates to HTML, and the headers that every page carries."""

import hashlib
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from applinks import words
from applinks.web.pages.views import Shell

_CSP = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'"
_ONE_DAY = 86400

PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@cache
def get_environment() -> Environment:
    """Give the templates, escaped and with gettext; an undefined name is an error, not an empty place."""
    environment = Environment(
        loader=PackageLoader("applinks.web"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        words.gettext, words.ngettext, newstyle=True
    )
    environment.filters["iso"] = _iso
    environment.filters["ago"] = lambda at, now, bare: words.say_when(at, now=now, bare=bare)
    environment.filters["moment"] = lambda at: datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return environment


@cache
def get_stylesheet() -> bytes:
    """Give the one stylesheet."""
    return files("applinks.web").joinpath("static/applinks.css").read_bytes()


@cache
def get_stylesheet_name() -> str:
    """Give its name with a digest of its content, so that a new version is never hidden by an old copy."""
    return f"applinks.css?{hashlib.sha256(get_stylesheet()).hexdigest()[:8]}"


def render_html(template: str, *, page: Any, shell: Shell, now: int) -> str:
    """Render a template with its view."""
    return get_environment().get_template(template).render(page=page, shell=shell, now=now)


def build_page(html: str, *, status: int = 200, leads_away: bool = False) -> Response:
    """
    Put a page into a response with the headers that protect it.

    Looser than the policy of our other pages: with ``leads_away``, where a form ends at another application, there is
    no ``form-action``, because Chromium applies it to every redirect that follows a post (AS-05).
    """
    policy = _CSP if leads_away else f"{_CSP}; form-action 'self'"
    return HTMLResponse(html, status_code=status, headers=PAGE_HEADERS | {"Content-Security-Policy": policy})


def build_stylesheet() -> Response:
    """Put the stylesheet into a response that browsers keep for a day."""
    return Response(
        get_stylesheet(),
        media_type="text/css",
        headers={"Cache-Control": f"public, max-age={_ONE_DAY}", "X-Content-Type-Options": "nosniff"},
    )


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
