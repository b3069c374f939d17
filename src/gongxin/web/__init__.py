"""The sites: public and desk, over the same verbs. No rules live here."""
