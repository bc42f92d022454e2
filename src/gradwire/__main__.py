"""`python -m gradwire` is the command `gradwire`."""

from gradwire.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
