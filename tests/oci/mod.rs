//! The OCI's protocol for registries.
mod conformance;
