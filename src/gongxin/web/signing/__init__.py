"""Signing in and all that belongs to the own account: second factors, sessions, password, identity service."""
