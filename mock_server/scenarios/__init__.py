"""Named scenarios and the responses that are fixed in advance."""
