"""`python -m stack.trial`: checks of the emulator."""
