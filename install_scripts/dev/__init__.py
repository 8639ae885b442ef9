"""What the scripts for developers share: the virtual environment, messages, a mock process."""
