//! Tests that hold template, routers and events together.
