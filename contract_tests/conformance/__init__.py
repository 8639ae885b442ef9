"""The same requests sent to our mock and to Prism, and Schemathesis with the documents."""
