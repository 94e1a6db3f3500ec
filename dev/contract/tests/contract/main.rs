//! Template, routers, settings, migrations and events agree, so that none of them rots.

#![cfg(test)]

mod alarms;
mod deploy;
mod environment;
mod events;
mod functions;
mod layers;
mod papers;
mod production;
mod reach;
mod routes;
mod schema;
mod security;
mod template;
