"""The local AWS: MiniStack, changed where it differs from AWS in what this project needs.

Each module changes one thing when it is imported. __main__.py imports them and starts the emulator.
"""
