"""Let `python -m dense_transformer` and `torchrun -m dense_transformer` be `dtn`."""

import sys

from dense_transformer.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
