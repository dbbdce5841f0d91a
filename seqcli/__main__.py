"""Where the program begins: `seqcli` and `python -m seqcli`."""

import signal

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C while modules are imported ends it without a traceback

from seqcli.errors import missing_package

try:
    from seqcli.cli import main
except ModuleNotFoundError as error:
    raise SystemExit(f"Error: {line}" if (line := missing_package(error)) else repr(error)) from error

if __name__ == "__main__":
    main()
