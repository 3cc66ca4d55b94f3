"""Why something failed, in the reader's language.

A cause is kept as it was said when it happened: in English where the sentence is ours, in whatever
language the network speaks where it is theirs. Ours are known here by their form, and said anew to
each reader; what is in them (an address, a status, the network's own words) stays. Those of a
network that was added later stand in its class, as `causes`.
"""

from __future__ import annotations

import re
from functools import cache

from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as _

from conversations.channels.wire.registry import CHANNELS

OURS = (
    _("%(said)s (HTTP %(status)s)"),
    _("%(said)s; it manages %(places)s"),
    _("Discord began no session"),
    _("Discord begins a session without a name"),
    _("Discord does not take the bot token"),
    _("Discord does not take the bot token: reset it, and enter the new one"),
    _("Discord lets no further session begin today"),
    _("Discord names a gateway that is not its own"),
    _("Discord refuses the line (an intent that it does not know)"),
    _("Discord refuses the line (invalid shard)"),
    _("Discord refuses the line (its version is not known there)"),
    _("Discord takes no more there for now"),
    _("Discord’s gateway says nothing"),
    _("Google passes on no files of reviews"),
    _("Google’s answer is not what was asked for"),
    _("HTTP %(status)s of the directory"),
    _("Kannel does not know this user with this password"),
    _("LinkedIn passes on no files of comments"),
    _("LinkedIn refuses: %(said)s"),
    _("Mailgun knows no domain %(domain)s under this key"),
    _("SMS carries no files"),
    _("SendGrid’s key may not send: it lacks the scope mail.send"),
    _("Slack does not take the bot token: %(said)s"),
    _("Slack names no place of its own for the file"),
    _("Telegram does not know this bot token"),
    _("Telegram does not post to this channel's door"),
    _("Telegram lets bots fetch up to 20 MB"),
    _("Twilio does not know this account SID with this token"),
    _("X does not take these keys and tokens"),
    _("a page came in place of the file"),
    _("adapter failed: %(error)s"),
    _("alerts are read, not answered"),
    _("callback: %(error)s"),
    _("connection lost: %(said)s"),
    _("encrypted chats are answered in the app of X"),
    _("following failed: %(error)s"),
    _("holds a character that no address has"),
    _("holds a password"),
    _("it answers with an error"),
    _("it asks us to come less often"),
    _("it does not let us in"),
    _("it is gone for good"),
    _("it wants a sign-in that we do not have"),
    _("there is nothing at this address"),
    _("more bytes of headers than are read"),
    _("it came too slowly"),
    _("it gave no session for the app password"),
    _("it is not there any more"),
    _("it names no file of Meta's"),
    _("it would be more than %(most)s short messages"),
    _("it would stream without encryption"),
    _("its answer is no JSON: %(error)s"),
    _("its answer is no list of hits"),
    _("its answer is no list of posts"),
    _("larger than %(size)s MB"),
    _("leads into a private network"),
    _("mail server: %(said)s"),
    _("more than %(most)s redirects"),
    _("names no host"),
    _("no adapter for this channel"),
    _("no answer after the mail was handed over: %(said)s"),
    _("no mail address: %(address)s"),
    _("no provider of mail is named"),
    _("no stream: %(said)s"),
    _("no token to sign in with: %(said)s"),
    _("nobody answered"),
    _("nobody answers: %(error)s"),
    _("nobody can be reached at %(address)s"),
    _("nobody is named so"),
    _("nobody says where it is kept"),
    _("not an address"),
    _("not an http or https address"),
    _("not followed: %(error)s"),
    _("not read: %(error)s"),
    _("not the file that was announced"),
    _("nothing of theirs is left to answer"),
    _("our credentials do not open it"),
    _("packed as %(encoding)s, which was not asked for"),
    _("packed, and can't be unpacked"),
    _("posts are searched for a phrase with an access token only"),
    _("redirected where that makes no sense"),
    _("somebody answered this review in Google meanwhile, and this answer would replace theirs:"
      " read theirs first, then write yours anew"),
    _("the access token is of another account, %(account)s"),
    _("the account SID is not one"),
    _("the account has no number %(number)s"),
    _("the account is %(state)s"),
    _("the account is not written as @name:server"),
    _("the account is not written as name@server"),
    _("the adapter failed: %(error)s"),
    _("the address of its stream: %(error)s"),
    _("the app password is of another account, %(account)s"),
    _("the bot is in too many servers for one line (sharding required)"),
    _("the bot may not read what people write: switch on the Message Content Intent"
      " (Developer Portal, Bot)"),
    _("the bot may not read what people write: switch on the Message Content Intent"
      " (Developer Portal, Bot), then test the connection"),
    _("the bot token is not one"),
    _("the bot token is of another application, %(name)s"),
    _("the bot token is of another workspace, %(name)s"),
    _("the bot token is refused"),
    _("the callback has no address"),
    _("the channel has no callback URL"),
    _("the channel is not connected any more"),
    _("the files take too long"),
    _("the gateway’s address is not one"),
    _("the line ended (%(code)s)"),
    _("the line failed: %(error)s"),
    _("the location is written accounts/NUMBER/locations/NUMBER"),
    _("the mail server knows ASCII addresses only"),
    _("the mail server refuses the token: %(said)s"),
    _("the mail server's URL is not one of ours"),
    _("the name has no address"),
    _("the organisation id is a number"),
    _("the outbox can't be written"),
    _("the outbox can't be written: %(error)s"),
    _("the page id is a long number"),
    _("the phone number id is a long number"),
    _("the post that is answered is not there any more"),
    _("the provider was not reached (%(error)s)"),
    _("the provider's answer did not come (%(error)s)"),
    _("the provider’s address is no https address"),
    _("the provider’s address: %(error)s"),
    _("the reader failed: %(error)s"),
    _("the reading failed: %(error)s"),
    _("the refresh token was given without the right business.manage"),
    _("the rest follows"),
    _("the test failed: %(error)s"),
    _("the review is not there any more"),
    _("the server does not say who we are"),
    _("the server does not take the access token (%(said)s)"),
    _("the server gave no session"),
    _("the server is not an https address"),
    _("the server still prepares the file"),
    _("the server would stream without encryption"),
    _("the server’s address: %(error)s"),
    _("the server’s answer is no list"),
    _("the server’s answer is not what was asked for"),
    _("the session ended (%(code)s)"),
    _("the stream broke: %(said)s"),
    _("the stream ended: %(said)s"),
    _("the stream says: %(said)s"),
    _("the token address is no https address"),
    _("the token is of another account, %(account)s"),
    _("the word for the door has letters and digits only"),
    _("this account manages no such location"),
    _("this conversation names no channel of Discord"),
    _("this conversation names no chat of Telegram"),
    _("this conversation names no place in Slack"),
    _("this conversation names no post of Bluesky"),
    _("this conversation names no review"),
    _("this conversation names no room of Matrix"),
    _("this person has no account on X"),
    _("this person has no address on WhatsApp"),
    _("this room is encrypted from end to end: nothing is said there in clear"),
    _("too long: %(size)s bytes were read, then it was cut"),
    _("too slow: %(seconds)s seconds are over"),
    _("too slow: read for %(seconds)s seconds, then cut"),
    _("we do not go there: %(error)s"),
    # of providers, whose name comes first
    _("%(name)s answered what can’t be read"),
    _("%(name)s answers HTTP %(status)s"),
    _("%(name)s does not take the key (HTTP %(status)s)"),
    _("%(name)s does not take the key (HTTP %(status)s); one that may only send is refused here as"
      " well: then try a mail"),
    _("%(name)s does not write to this address"),
    _("%(name)s was not reached (%(error)s)"),
    _("%(name)s: %(what)s is missing"),
    _("%(name)s: the answer did not come (%(error)s)"),
    _("%(what)s refused: %(code)s %(said)s"),
)  # fmt: skip
_BLANK = re.compile(r"%\((\w+)\)s")


def told(cause: str) -> str:
    """The cause in the language that is active; what is not ours comes back as it is."""
    if not cause or (get_language() or "en").startswith("en"):
        return cause
    if cause in _exact():
        return gettext(cause)
    for form, pattern in _forms():
        if found := pattern.fullmatch(cause):
            return gettext(form) % {name: told(said) for name, said in found.groupdict().items()}
    return cause


def known() -> tuple[str, ...]:
    """Every sentence that can be said anew."""
    return OURS + tuple(
        each for adapter in CHANNELS.values() for each in getattr(adapter, "causes", ())
    )


@cache
def _exact() -> frozenset[str]:
    return frozenset(each for each in known() if not _BLANK.search(each))


@cache
def _forms() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Those with most words of their own first: a form of few words fits what others say too."""
    found = [each for each in known() if _BLANK.search(each)]
    found.sort(key=lambda each: -len(_BLANK.sub("", each)))
    return tuple((each, re.compile(_as_pattern(each), re.DOTALL)) for each in found)


def _as_pattern(form: str) -> str:
    """Blanks take as little as they can, so that an end in brackets stays with its own blank."""
    words, rest = "", form
    while blank := _BLANK.search(rest):
        words += re.escape(rest[: blank.start()]) + f"(?P<{blank[1]}>.+?)"
        rest = rest[blank.end() :]
    return words + re.escape(rest)
