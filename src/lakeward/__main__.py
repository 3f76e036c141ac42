"""`python -m lakeward` is the console command."""

from lakeward.cli import main

if __name__ == "__main__":
    main()
