"""The personal file: the person's own place, and what staff may see of it with the person's authorisation."""
