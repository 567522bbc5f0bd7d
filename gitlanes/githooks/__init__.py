"""Git's hooks: installing ours beside what is there, and finding out which are in force."""
