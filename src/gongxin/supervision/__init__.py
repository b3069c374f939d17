"""Supervision by credit: so far the commitments that organisations make on the platform."""
