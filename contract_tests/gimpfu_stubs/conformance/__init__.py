"""The conformance probes: questions to GIMP 2.10's Python-Fu, asked of the real one and of the stubs."""
