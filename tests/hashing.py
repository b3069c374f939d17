"""How the tests keep passwords: as production does, in no time. Signing in is in nearly every test of a page."""

from __future__ import annotations

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class QuickHasher(PBKDF2PasswordHasher):
    """What production keeps of a password, made by one step instead of a million."""

    iterations = 1
