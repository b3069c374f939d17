"""How records come in: read, normalise, validate, match, load, receipt."""
