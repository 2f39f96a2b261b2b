//! sifhub: a registry for Singularity and Apptainer images.
pub mod access;
pub mod auth;
pub mod config;
pub mod error;
pub mod event;
pub mod openpgp;
pub mod protocol;
pub mod registry;
pub mod sif;
pub mod storage;
