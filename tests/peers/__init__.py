"""Real servers of other people, started here on loopback, spoken to as the product does."""
