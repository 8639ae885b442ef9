"""Promise 2, proven: whatever breaks wherever, nothing is paid twice and nothing paid for is lost."""
