"""Gathers the admin pages of the floor's rooms."""

from crm.access import admin as access
from crm.access.oauth import admin as oauth
from crm.contacts import admin as contacts
from crm.journal import admin as journal
from crm.organisation import admin as organisation
from crm.privacy import admin as privacy

__all__ = ["access", "contacts", "journal", "oauth", "organisation", "privacy"]
