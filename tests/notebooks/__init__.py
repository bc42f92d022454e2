"""What notebooks show: cells are run by a real kernel, against a real app."""
