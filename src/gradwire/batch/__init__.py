"""Many calls: several apps that serve the same endpoints behind one client."""
