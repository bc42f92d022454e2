"""What an app is: its config, its endpoints, and how their arguments are given. No I/O."""
