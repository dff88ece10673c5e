"""Run the command line as ``python -m milp``."""

import sys

from milp.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
