"""The page of a day: who is on the list, and what became of everyone."""
