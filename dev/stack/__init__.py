"""The local stack: Postgres, Redis, stand-ins for Gemini and Stripe, and a local AWS, on one machine without Docker.

up.py starts all of it, services.py starts only the two stores, ctl.py stops and starts single parts of a running stack
for tests of faults, and check.py runs every test.
"""
