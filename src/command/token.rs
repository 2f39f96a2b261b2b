//! `sifhub token …`.
use chrono::TimeDelta;
use clap::{Subcommand, ValueEnum};

use super::{account, open_existing};
use crate::{
    config::{Config, Duration},
    error::{Error, Result},
    registry::{
        Caller, Scope,
        page::PageArgs,
        token::{self, NewToken},
    },
};

#[derive(Subcommand)]
pub(super) enum Token {
    /// Make a token, and print it once, alone on standard output
    ///
    ///   sifhub token create --user alice > token
    ///   apptainer remote login --tokenfile token hub
    #[command(verbatim_doc_comment)]
    Create {
        /// Whose token it is
        #[arg(long, value_name = "NAME")]
        user: String,
        /// What to call it
        #[arg(long, default_value = "command line")]
        name: String,
        /// How long it works, such as 90d or 12h; `never` for no end. Without it, as the site sets (auth.token_lifetime)
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
        /// How far it reaches
        #[arg(long, value_enum, default_value_t = Reach::Write)]
        scope: Reach,
    },
    /// List the tokens of an account
    List {
        /// Whose tokens
        #[arg(long, value_name = "NAME")]
        user: String,
    },
    /// End a token
    Revoke {
        /// The token's id, as `sifhub token list` shows it
        id: String,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Reach {
    /// See and pull
    Read,
    /// Also push, tag, change and delete
    Write,
    /// Also administer the site, if the account may
    Admin,
}

impl From<Reach> for Scope {
    fn from(reach: Reach) -> Self {
        match reach {
            Reach::Read => Self::Read,
            Reach::Write => Self::Write,
            Reach::Admin => Self::Admin,
        }
    }
}

impl Token {
    pub(super) async fn run(self, config: Config) -> Result<()> {
        let operator = open_existing(config).await?.operator();
        match self {
            Self::Create {
                user,
                name,
                expires,
                scope,
            } => {
                let user = account(&operator, &user).await?;
                let new = NewToken {
                    name,
                    scope: scope.into(),
                    expires_at: expiry(&operator, expires)?,
                };
                let (_, secret) = token::create(&operator, user.id, new).await?;
                println!("{secret}");
            }
            Self::List { user } => list(&operator, &user).await?,
            Self::Revoke { id } => {
                let id = id.parse().map_err(|error: entity::id::NotAnId| {
                    Error::invalid("id", error.to_string())
                })?;
                token::revoke(&operator, id).await?;
                println!("revoked");
            }
        }
        Ok(())
    }
}

fn expiry(
    operator: &Caller,
    text: Option<String>,
) -> Result<Option<chrono::DateTime<chrono::Utc>>> {
    let lifetime = match text.as_deref() {
        Some("never") => return Ok(None),
        Some(text) => text
            .parse::<Duration>()
            .map_err(|error| Error::invalid("--expires", error.to_string()))?,
        None => operator.config().auth.token_lifetime,
    };
    let end = TimeDelta::from_std(lifetime.get())
        .ok()
        .and_then(|life| operator.now().checked_add_signed(life));
    end.map(Some)
        .ok_or_else(|| Error::invalid("--expires", "that is too far away; use `never`"))
}

async fn list(operator: &Caller, name: &str) -> Result<()> {
    let user = account(operator, name).await?;
    let mut args = PageArgs {
        limit: 100,
        ..PageArgs::default()
    };
    println!(
        "{:<24}  {:<6} {:<17} {:<26} {:<17} NAME",
        "ID", "SCOPE", "CREATED", "EXPIRES", "LAST USED"
    );
    let minute = |at: Option<chrono::DateTime<chrono::Utc>>| {
        at.map_or_else(|| "never".to_owned(), |at| at.format("%F %R").to_string())
    };
    loop {
        let page = token::list(operator, user.id, &args).await?;
        for (cursor, token) in page.items {
            let scope = format!("{:?}", token.scope).to_lowercase();
            let (created, mut expires) = (minute(Some(token.created_at)), minute(token.expires_at));
            if token.expires_at.is_some_and(|at| at <= operator.now()) {
                expires.push_str(" (expired)");
            }
            let used = minute(token.last_used_at);
            println!(
                "{}  {scope:<6} {created:<17} {expires:<26} {used:<17} {}",
                token.id, token.name
            );
            args.after = Some(cursor);
        }
        if !page.has_next {
            return Ok(());
        }
    }
}
