"""Processes that tests start and stop."""

import signal


def take_sigint() -> None:
    """For `preexec_fn`: let Ctrl-C reach the child, also where the tests run in the background.

    Shells start background jobs with SIGINT ignored, and children inherit that.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
