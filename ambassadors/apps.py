from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AmbassadorsConfig(AppConfig):
    name = "ambassadors"
    verbose_name = _("Ambassadors")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import_module("ambassadors.receivers")
