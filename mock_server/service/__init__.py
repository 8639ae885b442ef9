"""What the service does with a task. It knows no HTTP."""
