"""A simulated month of routing: who waits, who carries, beside other ways to choose."""
