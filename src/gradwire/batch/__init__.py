"""Many calls: several apps behind one client, tables, and what remembers how far they are."""
