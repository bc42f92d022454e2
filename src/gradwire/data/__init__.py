"""What goes into a call and what comes out of it: files, their names, multipart bodies, diffs."""
