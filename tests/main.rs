//! All tests that go through the whole server. One binary, so that it links once.
mod support;

mod access;
mod architecture;
mod auth;
mod client;
mod consistency;
mod crash;
mod doors;
mod download;
mod faults;
mod generated;
mod graphql;
mod health;
mod hkp;
mod library;
mod metrics;
mod oci;
mod program;
mod scrub;
mod seed;
mod site;
mod tour;
mod trash;
mod upgrade;
mod usage;
mod webhook;
