"""``python -m regimes``."""

from regimes.cli import main

if __name__ == "__main__":
    main()
