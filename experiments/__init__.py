"""What produced every number on the results pages: cards, their runner and its command line."""
