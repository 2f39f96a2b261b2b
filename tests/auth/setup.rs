use sifhub::registry::user;

use super::{PASSWORD, browser::Browser, person};
use crate::support::{TestApp, on_each_database};

async fn link(app: &TestApp) -> String {
    let word = user::setup_word(&app.operator()).await.expect("an answer");
    format!("/auth/setup/{}", word.expect("a word"))
}

const FIRST: [(&str, &str); 3] = [
    ("name", "root"),
    ("password", PASSWORD),
    ("again", PASSWORD),
];

on_each_database! {
    async fn the_link_makes_the_first_administrator_once(app) {
        let link = link(&app).await;
        let mut browser = Browser::new(&app);
        let form = browser.get(&link).await.expect(200).text();
        assert!(form.contains("sifhub user add NAME") && form.contains("createUser"), "{form}");
        let answer = browser.post(&link, &FIRST).await.expect(303);
        assert_eq!(answer.header("location"), "/auth/tokens?done=set-up");
        let page = browser.get("/auth/tokens?done=set-up").await.expect(200).text();
        assert!(page.contains("value=\"admin\""), "{page}");
        let used = browser.get(&link).await.expect(404).text();
        assert!(used.contains("There is an administrator or another account already"), "{used}");
        assert!(used.contains("href=\"/auth/sign-in\""), "{used}");
        let again = [("name", "second"), ("password", PASSWORD), ("again", PASSWORD)];
        Browser::new(&app).post(&link, &again).await.expect(404);
        Browser::new(&app).sign_in("second", PASSWORD).await.expect(401);
    }
}

#[tokio::test]
async fn of_several_who_have_the_link_at_once_one_becomes_administrator() {
    let app = TestApp::postgres().await;
    let link = link(&app).await;
    let attempts = (0..6).map(async |number| {
        let name = format!("root{number}");
        let fields = [
            ("name", &*name),
            ("password", PASSWORD),
            ("again", PASSWORD),
        ];
        Browser::new(&app).post(&link, &fields).await.status
    });
    let mut answers = futures::future::join_all(attempts).await;
    answers.sort_unstable();
    assert_eq!(answers, [303, 404, 404, 404, 404, 404]);
}

#[tokio::test]
async fn the_link_is_gone_once_there_is_any_account() {
    let app = TestApp::sqlite().await;
    let link = link(&app).await;
    person(&app, "alice").await;
    Browser::new(&app).get(&link).await.expect(404);
    Browser::new(&app).post(&link, &FIRST).await.expect(404);
}

#[tokio::test]
async fn a_wrong_word_opens_nothing() {
    let app = TestApp::sqlite().await;
    let mut browser = Browser::new(&app);
    let page = browser.get("/auth/setup/guess").await.expect(404).text();
    assert!(page.contains("Page not found."), "{page}");
    browser.post("/auth/setup/guess", &FIRST).await.expect(404);
    assert!(
        user::is_first_start(&app.operator())
            .await
            .expect("an answer")
    );
}

#[tokio::test]
async fn a_form_filled_in_wrong_can_be_filled_in_again() {
    let app = TestApp::sqlite().await;
    let link = link(&app).await;
    let mut browser = Browser::new(&app);
    for [name, password, again] in [
        ["Root", PASSWORD, PASSWORD],
        ["root", "short", "short"],
        ["root", PASSWORD, "another"],
    ] {
        let fields = [("name", name), ("password", password), ("again", again)];
        let page = browser.post(&link, &fields).await.expect(400).text();
        assert!(page.contains("role=\"alert\""), "{page}");
        assert!(page.contains(&format!("value=\"{name}\"")), "{page}");
    }
    browser.post(&link, &FIRST).await.expect(303);
}

#[tokio::test]
async fn another_site_cannot_post_the_form() {
    let app = TestApp::sqlite().await;
    let link = link(&app).await;
    let mut browser = Browser::new(&app).header("sec-fetch-site", "cross-site");
    browser.post(&link, &FIRST).await.expect(403);
}
