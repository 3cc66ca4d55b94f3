"""Google Business: the reviews of one location."""
