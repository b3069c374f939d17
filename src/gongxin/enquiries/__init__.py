"""Who asks: credit checks and the query log."""
