"""Sign in, sign out, and the way to one's own place."""

from django.urls import include, path

from crm.access.sign_in import SignIn, SignOut, home
from crm.access.tokens_page import put_out_app, revoke, tokens_page

urlpatterns = [
    path("", include("crm.access.oauth.pages")),
    path("", home, name="home"),
    path("login/", SignIn.as_view(), name="login"),
    path("logout/", SignOut.as_view(), name="logout"),
    path("tokens/", tokens_page, name="tokens"),
    path("tokens/<uuid:pk>/revoke/", revoke, name="token_revoke"),
    path("tokens/apps/<str:client_id>/put-out/", put_out_app, name="app_put_out"),
]
