//! Template, routers, settings, migrations and events agree, so that none of them rots.

#![cfg(test)]

mod alarms;
mod environment;
mod events;
mod functions;
mod layers;
mod papers;
mod routes;
mod schema;
mod template;
