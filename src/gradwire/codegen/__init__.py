"""From what an app says of itself to the source of a typed client for it. No I/O."""
