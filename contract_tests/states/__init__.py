"""State machines: the mock as its clients see it over time, and the client's job in a hostile world."""
