"""Private GIMPs for the tests and the demo, each in a Debian system of its own."""
