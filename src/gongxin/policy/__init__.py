"""Rules as dated, cited data: packs, catalogue, code lists, calendar, clocks, publicity terms. No database."""
