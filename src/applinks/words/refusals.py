"""What a refusal, or a call that failed, means to a person."""

from collections.abc import Mapping

from applinks.words.language import Sentence, fill, mark
from applinks.words.language import gettext as _

REFUSALS: Mapping[str, tuple[str, str]] = {
    "invalid_request": (
        mark("The request was not complete or not well formed."),
        mark("Go back and begin again."),
    ),
    "invalid_url": (
        mark("This is not the address of a web application."),
        mark("Type the whole address, as in https://start.example; plain http is for this computer alone."),
    ),
    "plain_http": (
        mark("Only https addresses can be linked; plain http is for this computer alone."),
        mark("Try the same address with https."),
    ),
    "damaged_request": (
        mark("This request for a link is damaged or incomplete."),
        mark("Begin again at the other application."),
    ),
    "invalid_claims": (
        mark("The message of {peer} does not say what it should."),
        mark("Begin again at the application that asked. If it happens again, compare versions and clocks."),
    ),
    "invalid_signature": (
        mark("The message was changed on the way, or is not from {peer}."),
        mark("Do not approve it. Begin again at the application that asked."),
    ),
    "unknown_key": (
        mark("The message is signed with a key that {peer} does not show."),
        mark("If its keys were just changed, begin again there; otherwise do not trust the message."),
    ),
    "expired": (
        mark("The request is too old."),
        mark("Begin again at the application that asked. If it was fresh, a clock is wrong."),
    ),
    "used": (
        mark("This request has been decided already."),
        mark("The list of links shows what came of it."),
    ),
    "login_required": (mark("You are not logged in."), mark("Log in and open the address again.")),
    "not_administrator": (
        mark("Only an administrator of {us} may do this."),
        mark("Log in as one, or ask one."),
    ),
    "cross_site": (
        mark("The request did not come from a page of {us}, or the page was too old."),
        mark("Go back, load the page again, and repeat what you did."),
    ),
    "wrong_browser": (
        mark("This was begun in another browser or in another session."),
        mark("Finish it there, or begin again here."),
    ),
    "unknown_offer": (
        mark("This session has not been shown what it decides about."),
        mark("Open the request again, read it, then decide."),
    ),
    "self_link": (
        mark("That is {us} itself."),
        mark("Give the address of the other application."),
    ),
    "duplicate_link": (
        mark("{us} is linked with this application already."),
        mark("Change that link, or delete it first."),
    ),
    "own_proposal_first": (
        mark("{us} asked first: a request of ours is still open there."),
        mark("Finish it at the other application, or withdraw it here."),
    ),
    "busy": (mark("Somebody changed the link at the same moment."), mark("Look at it again, then repeat.")),
    "out_of_step": (
        mark("The two applications do not remember the same agreement."),
        mark("Delete the link at both ends and make it anew."),
    ),
    "unknown_client": (
        mark("There is no such client."),
        mark("It may have been deleted. Look at the page of its link."),
    ),
    "unknown_secret": (
        mark("The client has no such secret any more."),
        mark("Look at the page of its link: it shows those that are left."),
    ),
    "unknown_link": (
        mark("There is no such link."),
        mark("It may have been deleted. Look at the list of links."),
    ),
    "key_mismatch": (
        mark("{peer} saw another key of {us} than {us} has."),
        mark("Somebody may stand between the two. Check certificates and proxies before you go on."),
    ),
    "invalid_manifest": (
        mark("{peer} has Applinks, but what it says of itself is wrong."),
        mark("Its base URL has to be the address under which it is opened. Its administrator can mend that."),
    ),
    "not_applinks": (
        mark("An application answers there, but it has no Applinks."),
        mark("Check the address: perhaps its path is missing."),
    ),
    "unsupported_version": (
        mark("{peer} speaks another version of the linking protocol."),
        mark("Bring the older of the two applications up to date."),
    ),
    "unsupported_terms": (
        mark("{peer} asks for something that cannot be agreed to here."),
        mark("Begin again with permissions that both sides know."),
    ),
    "no_common_protocol": (
        mark("The two applications have no protocol in common."),
        mark("Switch on OAuth 2 or OAuth 1.0a at both."),
    ),
    "declined": (
        mark("{peer} declined the link."),
        mark("Talk to its administrator, then ask again."),
    ),
    "peer_unreachable": (
        mark("Nothing answers at that address."),
        mark("Check the address, and that the application runs and can be reached from {us}."),
    ),
    "peer_redirects": (
        mark("That address leads on to another one, which is not followed by itself."),
        mark("Begin with the other address, if you know it."),
    ),
    "address_not_allowed": (
        mark("That address may not be called."),
        mark("It leads into a private or reserved network. Give the address under which others open the application."),
    ),
    "too_many_requests": (mark("That was too often in a short time."), mark("Wait a few minutes, then try again.")),
    "temporarily_unavailable": (
        mark("{us} cannot do this at the moment."),
        mark("Nothing was changed. Try again in a minute."),
    ),
    "authorization_needed": (
        mark("{peer} wants to hear from you first."),
        mark("Connect your account there."),
    ),
    "link_unusable": (
        mark("The link with {peer} is not in use at the moment."),
        mark("An administrator can see why on its page."),
    ),
    "registration_incomplete": (
        mark("{peer} cannot be called yet: something that it has to give us is missing."),
        mark("An administrator sees on the page of the link what it is, and enters it there."),
    ),
    "client_refused": (
        mark("{peer} does not accept how {us} proves itself: a wrong client ID, secret or key."),
        mark("Tell an administrator of {us}: on the page of the link it can be entered anew. Then connect again."),
    ),
    "peer_unavailable": (
        mark("{peer} cannot answer at the moment."),
        mark("Try again in a minute; if it stays so, tell an administrator."),
    ),
    "peer_refused": (
        mark("{peer} answered, and said no."),
        mark("Try again; if it stays so, tell an administrator."),
    ),
    "peer_protocol": (
        mark("{peer} answered with something that is not understood."),
        mark("Try again later; if it stays so, tell an administrator."),
    ),
    "access_denied": (
        mark("You were not connected with {peer}: the answer there was no."),
        mark("Nothing was changed. Connect again whenever you like."),
    ),
    "unknown_state": (
        mark("This return does not belong to a journey that you began here."),
        mark("Go back and connect again, in one browser and without waiting long."),
    ),
    "wrong_user": (
        mark("Somebody else began this in the same browser."),
        mark("Nothing was connected. Begin again as yourself."),
    ),
    "wrong_issuer": (
        mark("The answer did not come from {peer}."),
        mark("Nothing was stored. Tell an administrator."),
    ),
    "bad_id_token": (
        mark("{peer} does not prove who you are there."),
        mark("Nothing was stored. Tell an administrator."),
    ),
    "token_endpoint_moved": (
        mark("{peer} wants our secrets at another host than before, so nothing was sent."),
        mark(
            "An administrator looks whether the documentation of {peer} names that host, and then saves the outgoing "
            "values of the link again."
        ),
    ),
    "invalid_grant": (
        mark("{peer} does not accept what it gave a moment ago."),
        mark("Connect again."),
    ),
    "invalid_client": (
        mark("The application that sent you here is not known to {us}."),
        mark(
            "Tell its administrator. You were not sent back, because an unknown application is no safe place "
            "to return to."
        ),
    ),
    "invalid_redirect_uri": (
        mark("The application that sent you here gave an address for the answer that is not registered."),
        mark("Tell its administrator. You were not sent back."),
    ),
    "token_rejected": (
        mark("What was asked for is not known any more."),
        mark("Begin again in the application where you started."),
    ),
    "token_used": (
        mark("This was answered already."),
        mark("Begin again in the application where you started, if it does not go on by itself."),
    ),
    "token_expired": (
        mark("It took too long."),
        mark("Begin again in the application where you started."),
    ),
    "token_revoked": (
        mark("The access was taken back."),
        mark("Begin again in the application where you started, if you want it back."),
    ),
    "permission_denied": (
        mark("That is not allowed."),
        mark("Ask an administrator of the application where you started."),
    ),
    "consumer_key_unknown": (
        mark("{peer} does not know {us} by the client key (consumer key) that was entered."),
        mark("Tell an administrator of {us}: it has to be entered alike at both ends. Then connect again."),
    ),
    "signature_invalid": (
        mark("{peer} does not accept how {us} signs: another key or secret is entered there."),
        mark("Tell an administrator of {us}: the values have to be entered anew. Then connect again."),
    ),
    "signature_method_rejected": (
        mark("{peer} does not take the signature method with which {us} signs."),
        mark("Tell an administrator of {us}: on the page of the link another one can be chosen. Then connect again."),
    ),
    "timestamp_refused": (
        mark("The clocks of {us} and {peer} differ too much."),
        mark("Tell an administrator: both clocks have to be right. Then try again."),
    ),
    "user_inactive": (mark("Your account at {us} is not active."), mark("Ask an administrator of {us}.")),
    "not_found": (mark("There is no such page."), mark("Check the address, or begin at the start.")),
    "method_not_allowed": (mark("This address cannot be used that way."), mark("Go back and begin again.")),
    "too_large": (mark("That was too much at once."), mark("Nothing was changed. Go back and send less.")),
    "unsupported_media_type": (
        mark("The form was sent in a way that is not understood."),
        mark("Nothing was changed. Send it from the page itself."),
    ),
    "wrong_host": (
        mark("{us} has another address."),
        mark("Open it there."),
    ),
    "server_error": (
        mark("{us} met something that it was not prepared for."),
        mark("Try again. If it stays so, give the reference to an administrator."),
    ),
}


def say_refusal(code: str, *, us: str = "", peer: str = "") -> Sentence:
    """Say what a refusal or a failed call means to a person, and what she can do."""
    texts = REFUSALS.get(code, REFUSALS["invalid_request"])
    return fill(texts, us=us or _("this application"), peer=peer or _("the other application"))


def has_refusal(code: str) -> bool:
    """Whether there are words for a code."""
    return code in REFUSALS
