"""The cheap subset that may also run against the real service, and what keeps it cheap and discreet."""
