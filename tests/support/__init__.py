"""The kit that tests are built from: repositories, the command line, agents, crashes."""
