"""Gathers the admin pages of the floor's rooms."""

from ambassadors.governance import admin as governance
from ambassadors.routing import admin as routing

__all__ = ["governance", "routing"]
