"""Rights with clocks: procedures, objections, corrections, revocation, repair, notices."""
