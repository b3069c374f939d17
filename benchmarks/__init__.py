"""Figures of speed, each taken in one run beside what it is compared with. `make bench` runs them all."""
