//! What a browser does: keep the cookie, fill in the form of the page, and say where a form comes from.
use sifhub::auth::COOKIE;
use url::form_urlencoded::Serializer;

use super::PASSWORD;
use crate::support::{Answer, Client, TestApp};

/// A browser, with a cookie if it is signed in.
#[derive(Clone)]
pub struct Browser {
    client: Client,
    cookie: Option<String>,
    form_token: String,
}

impl Browser {
    /// One that was never here.
    pub fn new(app: &TestApp) -> Self {
        Self {
            client: app.anonymous().header("sec-fetch-site", "same-origin"),
            cookie: None,
            form_token: String::new(),
        }
    }

    /// One in which somebody signed in.
    pub async fn of(app: &TestApp, name: &str) -> Self {
        let mut browser = Self::new(app);
        browser.sign_in(name, PASSWORD).await.expect(303);
        browser.get("/auth/tokens").await.expect(200);
        browser
    }

    /// The same browser, sending another header.
    pub fn header(&self, name: &str, value: &str) -> Self {
        let mut other = self.clone();
        other.client = self.client.header(name, value);
        other
    }

    /// The cookie it holds.
    pub fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, String::new()).await
    }

    /// Posts a form, with the form token of the page seen last.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = Serializer::new(String::new());
        form.extend_pairs(fields);
        form.append_pair("form_token", &self.form_token);
        self.send("POST", path, form.finish()).await
    }

    pub async fn sign_in(&mut self, name: &str, password: &str) -> Answer {
        let fields = [("name", name), ("password", password)];
        self.post("/auth/sign-in", &fields).await
    }

    async fn send(&mut self, method: &str, path: &str, body: String) -> Answer {
        let client = match &self.cookie {
            Some(cookie) => self
                .client
                .header("cookie", &format!("theme=dark; {COOKIE}={cookie}")),
            None => self.client.clone(),
        };
        let client = client.header("content-type", "application/x-www-form-urlencoded");
        let answer = client.send(method, path, body).await;
        self.keep_cookie(answer.header("set-cookie"));
        let text = answer.text();
        if let Some(token) = between(&text, "name=\"form_token\" value=\"", "\"") {
            self.form_token = token.to_owned();
        }
        answer
    }

    fn keep_cookie(&mut self, header: &str) {
        let value = header.strip_prefix(&format!("{COOKIE}="));
        if let Some(value) = value.and_then(|value| value.split(';').next()) {
            self.cookie = Some(value.to_owned()).filter(|value| !value.is_empty());
        }
    }
}

/// The text between two others.
pub fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after)?.0)
}
