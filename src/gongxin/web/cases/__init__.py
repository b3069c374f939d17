"""Cases at the desk: the list, the case with its steps, filing on paper, notices how to repair."""
