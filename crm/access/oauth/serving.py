"""The authorization server: oauthlib's authorization code grant with our validator."""

from __future__ import annotations

import secrets

from oauthlib.common import Request
from oauthlib.oauth2 import WebApplicationServer

from crm.access.oauth.grants import ACCESS_PREFIX
from crm.access.oauth.validating import ACCESS_LASTS, Validator, only_s256, well_formed_verifier

REFRESH_PREFIX = "rlr"


def _access_token(request: Request) -> str:
    return ACCESS_PREFIX + secrets.token_hex(32)


def _refresh_token(request: Request) -> str:
    return REFRESH_PREFIX + secrets.token_hex(32)


def server() -> WebApplicationServer:
    """A new one for each request: its validator remembers."""
    made = WebApplicationServer(
        Validator(),
        token_generator=_access_token,
        token_expires_in=int(ACCESS_LASTS.total_seconds()),
        refresh_token_generator=_refresh_token,
    )
    made.auth_grant.custom_validators.pre_auth.append(only_s256)
    made.auth_grant.custom_validators.pre_token.append(well_formed_verifier)
    return made
