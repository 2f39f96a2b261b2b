//! The real, unmodified Apptainer client against the real program: what people type, and what they are told.
//!
//! Each test has a site of its own. What the client says of a success is not taken for one: the server is asked.
mod delete;
mod download;
mod engine;
mod key;
mod oci;
mod permission;
mod pull;
mod push;
mod quota;
mod remote;
mod search;
