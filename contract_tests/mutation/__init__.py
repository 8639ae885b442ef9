"""Proof that the tests bite: wrong subjects are planted one by one, and the suite must fail on each."""
