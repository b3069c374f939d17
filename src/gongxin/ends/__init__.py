"""What happens when a record's time is over: the daily proof that nothing overstays, the archive, its destruction."""
