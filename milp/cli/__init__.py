"""The command line: one small file per command, light to import until a command runs."""
