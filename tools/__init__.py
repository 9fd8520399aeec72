"""What builds labs, refreshes outputs and checks the tree: small scripts, no framework."""
