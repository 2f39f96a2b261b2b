//! Signing in, and the pages around it.
pub(crate) mod browser;
mod password;
mod registry_token;
mod setup;
mod sign_in;
mod terms;
mod throttle;
mod tokens;

use sifhub::{
    auth,
    registry::{
        UserId,
        user::{self, User},
    },
};

use crate::support::TestApp;

/// The password of everybody.
const PASSWORD: &str = "correct horse battery";

/// A user with a password.
pub(crate) async fn person(app: &TestApp, name: &str) -> User {
    account(app, name, false).await
}

/// A site administrator with a password.
async fn administrator(app: &TestApp, name: &str) -> User {
    account(app, name, true).await
}

async fn account(app: &TestApp, name: &str, admin: bool) -> User {
    let name = name.parse().expect("a name");
    auth::create_user(&app.operator(), name, admin, Some(PASSWORD))
        .await
        .expect("a new account")
}

async fn password_hash(app: &TestApp, name: &str) -> String {
    let known = user::credentials(&app.operator(), name).await;
    let known = known.expect("an answer").expect("the account");
    known.password_hash.expect("a password")
}

async fn disable(app: &TestApp, user: UserId) {
    user::set_enabled(&app.operator(), user, false)
        .await
        .expect("a disabled account");
}
