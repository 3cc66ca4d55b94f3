"""Sign in, sign out, and the way to one's own place."""

from django.urls import path

from crm.access.sign_in import SignIn, SignOut, home
from crm.access.tokens_page import revoke, tokens_page

urlpatterns = [
    path("", home, name="home"),
    path("login/", SignIn.as_view(), name="login"),
    path("logout/", SignOut.as_view(), name="logout"),
    path("tokens/", tokens_page, name="tokens"),
    path("tokens/<uuid:pk>/revoke/", revoke, name="token_revoke"),
]
