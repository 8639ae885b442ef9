"""The HTTP server under the mock, and the faults it plays on its sockets."""
