"""Discord as a channel: a bot, heard on the gateway and answering by the HTTP API."""
