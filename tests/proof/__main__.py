"""`python -m tests.proof`: the long form of what the tests try in short."""

import sys

from tests.proof.prove import main

if __name__ == "__main__":
    sys.exit(main())
