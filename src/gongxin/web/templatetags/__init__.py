"""Template tags of both sites."""
