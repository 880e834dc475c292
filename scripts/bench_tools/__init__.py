"""What `scripts/bench` measures with: objects, servers, senders, a backlog."""
