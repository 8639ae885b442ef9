"""The contract's document, held to the service's own document number by number, and its reader."""
