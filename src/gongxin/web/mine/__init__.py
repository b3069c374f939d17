"""The organisation's own place: everything held about it, objections, repairs, notices."""
