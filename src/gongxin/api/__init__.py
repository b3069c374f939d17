"""The HTTP API, one module a resource. No rules live here."""
