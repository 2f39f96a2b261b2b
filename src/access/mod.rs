//! Who may do what, and the only place that decides.
//!
//! Owns the actor, the levels, the policy and the doors through which rows are loaded: [`open`], [`rows`],
//! [`internal`], [`identity`] and [`trashed`]. Must not write anything.
mod actor;
mod granted;
mod policy;

pub use actor::{Account, Actor, View};
pub use granted::{
    AMOUNT, Admin, Granted, Includes, Level, Needs, Pull, Push, Rows, identity, internal, levels,
    open, open_where, reach, rows, whole,
};
pub use policy::{Guarded, Identity, Internal, Trashable, trashed};
