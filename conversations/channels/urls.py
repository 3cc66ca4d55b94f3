"""The doors of the providers."""

from django.urls import path

from conversations.channels.doors.webhook import webhook

urlpatterns = [
    path("hooks/<str:token>/", webhook, name="webhook"),
]
