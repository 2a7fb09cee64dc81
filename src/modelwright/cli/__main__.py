"""`python -m modelwright.cli`: how the supervisor starts its parts."""

from modelwright.cli.entry import main

if __name__ == "__main__":
    main()
