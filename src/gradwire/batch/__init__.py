"""Many calls: tables of them, and what remembers how far they are."""
