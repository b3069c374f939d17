"""Who is recorded: organisations, identifiers, names, register import, search."""
