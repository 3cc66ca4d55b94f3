from django.apps import AppConfig
from django.contrib import admin
from django.contrib.admin import sites


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = "Relais"


class SkinConfig(AppConfig):
    """unfold, with our own site instead of its own."""

    name = "unfold"

    def ready(self) -> None:
        from config.site import Site  # noqa: PLC0415 - imports the admin, which needs the apps

        admin.site = sites.site = Site()
