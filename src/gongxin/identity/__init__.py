"""Who acts: users, departments, roles, API keys."""
