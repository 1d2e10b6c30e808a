"""`python -m eventstudy` is the command line."""

from eventstudy.cli import main

main()
