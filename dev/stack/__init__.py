"""The local stack: Postgres, Redis, stand-ins for Gemini and Stripe, and AWS itself, on one machine without Docker.

up.py starts all of it and services.py the two stores; ctl.py stops and starts single parts of a running stack, for
tests of faults; check.py runs every test.
"""
