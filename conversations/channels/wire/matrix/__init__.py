"""Matrix as a channel, by the client-server API."""
