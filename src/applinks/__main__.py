"""``python -m applinks``: the command line."""

from applinks.cli.main import main

if __name__ == "__main__":
    main()
