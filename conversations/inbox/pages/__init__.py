"""The staff's pages of the inbox, inside the admin."""
