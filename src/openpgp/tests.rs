//! Keys made by `pgp` itself, by `GnuPG` where it is installed, and hostile bytes.
mod binding;
mod certificate;
mod gnupg;
mod hostile;
mod index;
mod maker;
mod merge;
mod query;
