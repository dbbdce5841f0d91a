"""`python -m seqcli` is the same as `seqcli`."""

from seqcli.cli import main

if __name__ == "__main__":
    main()
