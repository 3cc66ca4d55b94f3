"""What the records of all rooms say on one day: one module a theme, one function a criterion."""
