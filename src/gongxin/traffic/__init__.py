"""Every request before anybody answers it, and every answer on its way out: limits, ids, log lines, headers."""
