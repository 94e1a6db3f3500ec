"""Tests of dev/ctl against a running stack; `dev/test` runs them by dev/up."""
