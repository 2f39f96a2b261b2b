//! What tests stand on: a whole server in the process ([`TestApp`]), people who use it ([`Client`]), and the real
//! servers that it needs.
pub mod app;
pub mod apptainer;
pub mod client;
pub mod disk;
pub mod flaky;
pub mod listening;
pub mod network;
pub mod oci;
pub mod postgres;
pub mod s3;
pub mod server;
pub mod sif_builder;
pub mod socket;
pub mod tools;

pub use app::TestApp;
pub use client::{Answer, Client};
pub use listening::{Listening, Sent};
pub use sif_builder::SifBuilder;
pub use socket::{Said, Socket};

/// Runs each test on SQLite and on PostgreSQL: `async fn name(app) { … }`, with `app` a fresh [`TestApp`].
macro_rules! on_each_database {
    ($(async fn $name:ident($app:ident) $body:block)*) => { $(
        async fn $name($app: $crate::support::TestApp) $body

        mod $name {
            #[tokio::test]
            async fn on_sqlite() {
                super::$name($crate::support::TestApp::sqlite().await).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                super::$name($crate::support::TestApp::postgres().await).await;
            }
        }
    )* };
}
pub(crate) use on_each_database;
