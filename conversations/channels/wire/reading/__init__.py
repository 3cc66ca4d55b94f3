"""Reading what others publish: how it is fetched, and one module a form it is written in."""
