from django.apps import AppConfig
from django.contrib import admin
from django.contrib.admin import sites
from django.db.backends.signals import connection_created

from config.loaders import speak_quickly


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = "Relais"

    def ready(self) -> None:
        connection_created.connect(speak_quickly, dispatch_uid="quick moments")


class SkinConfig(AppConfig):
    """unfold, with our own site instead of its own."""

    name = "unfold"

    def ready(self) -> None:
        from config.site import Site  # noqa: PLC0415 - imports the admin, which needs the apps

        admin.site = sites.site = Site()
