"""The same requests put to our mock, to openapi-core and to Prism: who disagrees, and why."""
