"""The personal file: decisions on a person's own licence, case or request.

Sealed under a key per person; opened by that person, or by whom that person lets.
"""
