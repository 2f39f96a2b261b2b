//! The first administrator, made by whoever has the word that the server logs while it has no account.
use askama::Template;
use poem::{Request, Response};

use super::{
    failure::{Failure, refused},
    form::{Form, posted},
    frame::Frame,
    password::check_repeated,
    place::root,
    render,
    sign_in::begin,
};
use crate::{
    auth::{account::create_first, extract::anonymous},
    error::{Error, Result},
    registry::{
        Caller, session,
        user::{self, User},
    },
};

#[derive(Template)]
#[template(path = "auth/setup.html")]
struct Page<'a> {
    frame: Frame,
    name: &'a str,
    password_min_length: u32,
}

/// What is left of the page once there is an account.
#[derive(Template)]
#[template(path = "auth/set_up.html")]
struct Done {
    frame: Frame,
}

impl<'a> Page<'a> {
    fn new(frame: Frame, caller: &Caller, name: &'a str) -> Self {
        Self {
            frame,
            name,
            password_min_length: caller.config().auth.password_min_length,
        }
    }
}

/// The form, while there is no account.
pub(super) async fn show(request: Request) -> Result<Response, Failure> {
    let caller = anonymous(&request);
    match user::may_create_first(&caller, word(&request)).await {
        Ok(()) => Ok(render(&Page::new(Frame::new(&request).await, &caller, ""))?),
        Err(error) => closed(&request, &caller, error).await,
    }
}

/// Makes the account and signs it in.
pub(super) async fn submit(mut request: Request) -> Result<Response, Failure> {
    let form = posted(&mut request).await?;
    let caller = anonymous(&request);
    match create(&caller, word(&request), &form).await {
        Ok(user) => {
            let next = format!("{}/auth/tokens?done=set-up", root(&request));
            let new = session::create(&caller, user.id).await?;
            Ok(begin(&request, &caller, &new, &next).await?)
        }
        Err(error @ Error::NotFound(_)) => closed(&request, &caller, error).await,
        Err(error) => {
            let frame = Frame::new(&request).await.refusing(&error);
            let page = Page::new(frame, &caller, form.get("name"));
            Ok(refused(render(&page)?, &error))
        }
    }
}

/// A link that opens nothing: it has done its work, or it never was one.
async fn closed(request: &Request, caller: &Caller, error: Error) -> Result<Response, Failure> {
    if user::is_first_start(caller).await? {
        return Err(error.into());
    }
    let frame = Frame::new(request).await.refusing(
        "there is an administrator or another account already, so this link makes none any more",
    );
    Ok(refused(render(&Done { frame })?, &error))
}

fn word(request: &Request) -> &str {
    request.raw_path_param("word").unwrap_or_default()
}

async fn create(caller: &Caller, word: &str, form: &Form) -> Result<User> {
    user::may_create_first(caller, word).await?;
    let name = form.get("name").trim().parse()?;
    check_repeated(form)?;
    create_first(caller, word, name, form.get("password")).await
}
