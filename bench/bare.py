"""The bare view that the door is measured against: reads the body, INSERTs one row."""

from __future__ import annotations

import os

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()
settings.ROOT_URLCONF = "bench.bare_urls"

application = get_wsgi_application()
