"""What agent, discovery and collector share: the wire."""
