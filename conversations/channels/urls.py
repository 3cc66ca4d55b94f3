"""The doors of the providers."""

from django.urls import path

from conversations.channels.doors import webchat
from conversations.channels.doors.esp import esp
from conversations.channels.doors.provider import provider
from conversations.channels.doors.webhook import webhook

urlpatterns = [
    path("hooks/<str:token>/", webhook, name="webhook"),
    path("hooks/<str:kind>/<str:token>/", provider, name="provider"),
    path("hooks/email/<str:token>/<slug:esp>/<slug:what>/", esp, name="mail_provider"),
    path("chat/<str:token>/", webchat.page, name="chat"),
    path("chat/<str:token>/widget.js", webchat.widget, name="chat_widget"),
    path("chat/<str:token>/say/", webchat.write, name="chat_write"),
]
