"""Fictional organisations, departments and files for demonstration, tests and benchmarks."""
