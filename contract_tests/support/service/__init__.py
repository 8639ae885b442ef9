"""The service as tests see it: scripted, a mock, or the real one."""
