"""How figures become a stage: arithmetic over `maturity/model.toml`, without Django."""
