//! Joins the surfaces into one server.
//!
//! Owns the routes, what happens around every request (its id, its log line, its context), health, TLS and stopping.
//! Must not know what a surface answers.
mod connection;
mod context;
mod health;
mod metrics;
mod outflow;
mod patience;
mod routes;
mod server;
mod tls;

pub use routes::{ROUTES, endpoint};
pub use server::{own_url, serve};
