use super::{PASSWORD, browser::Browser, person};
use crate::support::TestApp;

#[tokio::test]
async fn whoever_guesses_has_to_wait() {
    let app = TestApp::sqlite().await;
    person(&app, "alice").await;
    let mut browser = Browser::new(&app);
    for number in 0..5 {
        browser
            .sign_in("alice", &format!("guess {number}"))
            .await
            .expect(401);
    }
    let answer = browser.sign_in("alice", PASSWORD).await.expect(429);
    let after: u64 = answer.header("retry-after").parse().expect("seconds");
    assert!((1..=5).contains(&after), "{after}");
    let page = answer.text();
    assert!(page.contains("Too many attempts; try again in"), "{page}");
}

#[tokio::test]
async fn guesses_at_once_do_not_get_around_the_count() {
    let app = TestApp::sqlite().await;
    person(&app, "alice").await;
    let guesses = (0..20).map(|number| {
        let mut browser = Browser::new(&app);
        async move {
            browser
                .sign_in("alice", &format!("guess {number}"))
                .await
                .status
        }
    });
    let answers = futures::future::join_all(guesses).await;
    assert_eq!(
        answers.iter().filter(|status| **status == 401).count(),
        5,
        "{answers:?}"
    );
    assert_eq!(
        answers.iter().filter(|status| **status == 429).count(),
        15,
        "{answers:?}"
    );
}

#[tokio::test]
async fn people_who_know_their_password_are_never_held_up() {
    let app = TestApp::sqlite().await;
    person(&app, "alice").await;
    for _ in 0..12 {
        Browser::of(&app, "alice").await;
    }
}

#[tokio::test]
async fn a_session_does_not_help_to_guess_the_password() {
    let app = TestApp::sqlite().await;
    person(&app, "alice").await;
    let mut browser = Browser::of(&app, "alice").await;
    let guess = [
        ("current", "guess"),
        ("password", "another long password"),
        ("again", "another long password"),
    ];
    for _ in 0..5 {
        browser.post("/auth/password", &guess).await.expect(400);
    }
    browser.post("/auth/password", &guess).await.expect(429);
}
