"""Meta: WhatsApp, pages with Messenger, and Instagram, which share one wire."""
