"""What is held: records, revisions, disclosure predicates."""
