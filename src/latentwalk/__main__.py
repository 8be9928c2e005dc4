"""`python -m latentwalk` is `latentwalk`."""

from latentwalk.cli.main import main

if __name__ == "__main__":
    main()
