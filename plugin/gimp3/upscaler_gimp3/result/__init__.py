"""From a downloaded result to the changed image: compose, swap, notes."""
