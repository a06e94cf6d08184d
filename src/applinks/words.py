"""
Every sentence for a person about a state, a finding or a refusal.

Below pages and commands these are codes; here each has its words. Everything goes through gettext; where there is no
catalogue, the English text stands. Nothing that goes over the wire comes from here.
"""

import gettext as _gettext
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

_translations = _gettext.NullTranslations()


def gettext(text: str) -> str:
    """Give the text in the reader's language."""
    return _translations.gettext(text)


def ngettext(one: str, many: str, count: int) -> str:
    """Give the text for that many, in the reader's language."""
    return _translations.ngettext(one, many, count)


_ = gettext


def _mark(text: str) -> str:
    """Mark a text of a table for translation; it is translated where it is used."""
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """What happened, in one sentence, and what to do, in another (or nothing)."""

    what: str
    advice: str = ""


# The words of the state that a link shows, by the key that pages use; the colour follows from the same key.
_STATES: Mapping[str, str] = {
    "connected": _mark("Connected"),
    "testing": _mark("Being tested"),
    "attention": _mark("Needs attention"),
    "paused": _mark("Paused"),
    "waiting": _mark("Waiting for the other side"),
    "yours": _mark("Waiting for you"),
    "ended": _mark("Ended"),
}

_RESTS: Mapping[str, tuple[str, str]] = {
    "out_of_step": (
        _mark("{us} and {peer} do not remember the same agreement, so no call passes."),
        _mark(
            "This ends by itself when both say the same again. If it lasts, one of the two was restored "
            "from an old copy: delete the link and make it anew."
        ),
    ),
    "keys_changed": (
        _mark("{peer} uses a key that it had not announced, so no call passes."),
        _mark("Compare the new key with its administrator, then approve it or delete the link."),
    ),
    "restored": (
        _mark("{us} was restored from a backup, so no call passes."),
        _mark("Compare what both sides show, then decide."),
    ),
    "cloned": (
        _mark("Another installation uses the same identity, so no call passes."),
        _mark("Find out which of the two is the real one."),
    ),
}

_ENDS: Mapping[str, str] = {
    "deleted": _mark("The link was deleted."),
    "expired": _mark("It was not approved in time."),
    "not_heard": _mark("{peer} approved nothing further within a day, so nothing came of it."),
    "unknown": _mark("{peer} does not know this link any more."),
    "declined": _mark("{peer}’s administrator refused the link."),
    "replaced": _mark("A newer request took its place."),
}

# What a test call found, from the side that called. {caller} called {server}.
_CHECKS: Mapping[str, tuple[str, str]] = {
    "peer_unreachable": (
        _mark("{server} does not answer {caller}."),
        _mark("See that {server} runs and that {caller} can reach its address."),
    ),
    "address_not_allowed": (
        _mark("The address of {server} may not be called from {caller}."),
        _mark("It leads into a private network that nobody at {caller} confirmed. Link it anew to be asked."),
    ),
    "peer_protocol": (
        _mark("What answers {caller} at {server}’s address is not what it should be."),
        _mark("A proxy or a log-in page may stand in between. Look at the failures of {caller}."),
    ),
    "invalid_client": (
        _mark("{server} does not accept {caller}’s proof of identity."),
        _mark("Often a clock is wrong. Set the clocks of both machines, then test again."),
    ),
    "peer_refused": (
        _mark("{server} refuses {caller}’s test call."),
        _mark("The failures of {server} say why."),
    ),
    "temporarily_unavailable": (
        _mark("{server} cannot serve {caller} at the moment."),
        _mark("It is tried again by itself."),
    ),
}

_REFUSALS: Mapping[str, tuple[str, str]] = {
    "invalid_request": (
        _mark("The request was not complete or not well formed."),
        _mark("Go back and begin again."),
    ),
    "invalid_url": (
        _mark("This is not the address of a web application."),
        _mark("Type the whole address, as in https://start.example; plain http is for this computer alone."),
    ),
    "plain_http": (
        _mark("Only https addresses can be linked; plain http is for this computer alone."),
        _mark("Try the same address with https."),
    ),
    "damaged_request": (
        _mark("This request for a link is damaged or incomplete."),
        _mark("Begin again at the other application."),
    ),
    "invalid_claims": (
        _mark("The message of {peer} does not say what it should."),
        _mark("Begin again at the application that asked. If it happens again, compare versions and clocks."),
    ),
    "invalid_signature": (
        _mark("The message was changed on the way, or is not from {peer}."),
        _mark("Do not approve it. Begin again at the application that asked."),
    ),
    "unknown_key": (
        _mark("The message is signed with a key that {peer} does not show."),
        _mark("If its keys were just changed, begin again there; otherwise do not trust the message."),
    ),
    "expired": (
        _mark("The request is too old."),
        _mark("Begin again at the application that asked. If it was fresh, a clock is wrong."),
    ),
    "used": (
        _mark("This request has been decided already."),
        _mark("The list of links shows what came of it."),
    ),
    "login_required": (_mark("You are not logged in."), _mark("Log in and open the address again.")),
    "not_administrator": (
        _mark("Only an administrator of {us} may do this."),
        _mark("Log in as one, or ask one."),
    ),
    "cross_site": (
        _mark("The request did not come from a page of {us}, or the page was too old."),
        _mark("Go back, load the page again, and repeat what you did."),
    ),
    "wrong_browser": (
        _mark("This was begun in another browser or in another session."),
        _mark("Finish it there, or begin again here."),
    ),
    "unknown_offer": (
        _mark("This session has not been shown what it decides about."),
        _mark("Open the request again, read it, then decide."),
    ),
    "self_link": (
        _mark("That is {us} itself."),
        _mark("Give the address of the other application."),
    ),
    "duplicate_link": (
        _mark("{us} is linked with this application already."),
        _mark("Change that link, or delete it first."),
    ),
    "own_proposal_first": (
        _mark("{us} asked first: a request of ours is still open there."),
        _mark("Finish it at the other application, or withdraw it here."),
    ),
    "busy": (_mark("Somebody changed the link at the same moment."), _mark("Look at it again, then repeat.")),
    "out_of_step": (
        _mark("The two applications do not remember the same agreement."),
        _mark("Delete the link at both ends and make it anew."),
    ),
    "unknown_link": (
        _mark("There is no such link."),
        _mark("It may have been deleted. Look at the list of links."),
    ),
    "key_mismatch": (
        _mark("{peer} saw another key of {us} than {us} has."),
        _mark("Somebody may stand between the two. Check certificates and proxies before you go on."),
    ),
    "invalid_manifest": (
        _mark("{peer} has Applinks, but what it says of itself is wrong."),
        _mark("Its base URL has to be the address under which it is opened. Its administrator can mend that."),
    ),
    "not_applinks": (
        _mark("An application answers there, but it has no Applinks."),
        _mark("Check the address: perhaps its path is missing."),
    ),
    "unsupported_version": (
        _mark("{peer} speaks another version of the linking protocol."),
        _mark("Bring the older of the two applications up to date."),
    ),
    "unsupported_terms": (
        _mark("{peer} asks for something that cannot be agreed to here."),
        _mark("Begin again with permissions that both sides know."),
    ),
    "no_common_protocol": (
        _mark("The two applications have no protocol in common."),
        _mark("Switch on OAuth 2 at both."),
    ),
    "declined": (
        _mark("{peer} declined the link."),
        _mark("Talk to its administrator, then ask again."),
    ),
    "peer_unreachable": (
        _mark("Nothing answers at that address."),
        _mark("Check the address, and that the application runs and can be reached from {us}."),
    ),
    "peer_redirects": (
        _mark("That address leads on to another one, which is not followed by itself."),
        _mark("Begin with the other address, if you know it."),
    ),
    "address_not_allowed": (
        _mark("That address may not be called."),
        _mark("It leads into a private or reserved network. Give the address under which others open the application."),
    ),
    "too_many_requests": (_mark("That was too often in a short time."), _mark("Wait a few minutes, then try again.")),
    "temporarily_unavailable": (
        _mark("{us} cannot do this at the moment."),
        _mark("Nothing was changed. Try again in a minute."),
    ),
    "authorization_needed": (
        _mark("{peer} wants to hear from you first."),
        _mark("Connect your account there."),
    ),
    "link_unusable": (
        _mark("The link with {peer} is not in use at the moment."),
        _mark("An administrator can see why on its page."),
    ),
    "peer_refused": (
        _mark("{peer} answered, and said no."),
        _mark("Try again; if it stays so, tell an administrator."),
    ),
    "peer_protocol": (
        _mark("{peer} answered with something that is not understood."),
        _mark("Try again later; if it stays so, tell an administrator."),
    ),
    "access_denied": (
        _mark("You were not connected with {peer}: the answer there was no."),
        _mark("Nothing was changed. Connect again whenever you like."),
    ),
    "unknown_state": (
        _mark("This return does not belong to a journey that you began here."),
        _mark("Go back and connect again, in one browser and without waiting long."),
    ),
    "wrong_user": (
        _mark("Somebody else began this in the same browser."),
        _mark("Nothing was connected. Begin again as yourself."),
    ),
    "wrong_issuer": (
        _mark("The answer did not come from {peer}."),
        _mark("Nothing was stored. Tell an administrator."),
    ),
    "invalid_grant": (
        _mark("{peer} does not accept what it gave a moment ago."),
        _mark("Connect again."),
    ),
    "invalid_client": (
        _mark("The application that sent you here is not known to {us}."),
        _mark(
            "Tell its administrator. You were not sent back, because an unknown application is no safe place "
            "to return to."
        ),
    ),
    "invalid_redirect_uri": (
        _mark("The application that sent you here gave an address for the answer that is not registered."),
        _mark("Tell its administrator. You were not sent back."),
    ),
    "user_inactive": (_mark("Your account at {us} is not active."), _mark("Ask an administrator of {us}.")),
    "not_found": (_mark("There is no such page."), _mark("Check the address, or begin at the start.")),
    "method_not_allowed": (_mark("This address cannot be used that way."), _mark("Go back and begin again.")),
    "too_large": (_mark("That was too much at once."), _mark("Nothing was changed. Go back and send less.")),
    "unsupported_media_type": (
        _mark("The form was sent in a way that is not understood."),
        _mark("Nothing was changed. Send it from the page itself."),
    ),
    "wrong_host": (
        _mark("{us} has another address."),
        _mark("Open it there."),
    ),
    "server_error": (
        _mark("{us} met something that it was not prepared for."),
        _mark("Try again. If it stays so, give the reference to an administrator."),
    ),
}


def say_state(key: str) -> str:
    """Give the words of a link's state."""
    return _(_STATES[key])


def say_rest(reason: str, *, us: str, peer: str) -> Sentence:
    """Say why a link rests, and what ends it."""
    return _fill(_RESTS[reason], us=us, peer=peer)


def say_end(reason: str | None, *, peer: str) -> str:
    """Say why a link ended."""
    return _(_ENDS.get(reason or "deleted", _ENDS["deleted"])).format(peer=peer)


def say_check(result: str, *, caller: str, server: str) -> Sentence | None:
    """
    Say what a test call from ``caller`` to ``server`` found; None while there is nothing to say.

    ``result`` is ``passed``, ``pending``, ``none`` or ``failed:<code>``.
    """
    if result == "passed":
        return Sentence(what=_("{caller} reaches {server}.").format(caller=caller, server=server))
    if result == "pending":
        return Sentence(what=_("{caller} has not tested {server} yet.").format(caller=caller, server=server))
    if not result.startswith("failed"):
        return None
    texts = _CHECKS.get(result.removeprefix("failed:"), _CHECKS["peer_refused"])
    return _fill(texts, caller=caller, server=server)


def say_refusal(code: str, *, us: str = "", peer: str = "") -> Sentence:
    """Say what a refusal or a failed call means to a person, and what she can do."""
    texts = _REFUSALS.get(code, _REFUSALS["invalid_request"])
    return _fill(texts, us=us or _("this application"), peer=peer or _("the other application"))


def has_refusal(code: str) -> bool:
    """Whether there are words for a code."""
    return code in _REFUSALS


def say_protocol(name: str) -> str:
    """Give the name of a protocol as administrators know it."""
    return {"oauth2": "OAuth 2", "oauth1": "OAuth 1.0a"}.get(name, name)


def say_level(name: str) -> str:
    """Give the name of a level."""
    return {"disabled": _("Disabled"), "oauth": _("OAuth"), "impersonation": _("OAuth with impersonation")}[name]


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
    _mark("January"), _mark("February"), _mark("March"), _mark("April"),
    _mark("May"), _mark("June"), _mark("July"), _mark("August"),
    _mark("September"), _mark("October"), _mark("November"), _mark("December"),
)
# fmt: on


def _fill(texts: tuple[str, str], **names: str) -> Sentence:
    return Sentence(what=_(texts[0]).format(**names), advice=_(texts[1]).format(**names))
