"""Command line entry points, one per job: compose a configuration, call the library, report."""
