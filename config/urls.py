"""The doors of the house. Each room brings its own paths."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("conversations.channels.urls")),
]
