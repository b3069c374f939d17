"""What is new for an organisation, told to its representatives: following, messages, e-mail."""
