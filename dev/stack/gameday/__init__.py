"""A game day: faults on a running stack, and which alarms of the template ring and end by what they make."""
