"""Mail by a provider, through django-anymail: the one place of the wire that knows Django."""
