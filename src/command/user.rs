//! `sifhub user …`.
use std::io::{IsTerminal, read_to_string, stdin};

use clap::Subcommand;

use super::{account, open, open_existing};
use crate::{
    auth,
    config::Config,
    error::{Error, Result},
    registry::{
        Caller,
        page::PageArgs,
        user::{self, UserFilter},
    },
};

#[derive(Subcommand)]
pub(super) enum User {
    /// Make an account, and a namespace of the same name
    ///
    /// Asks for the password, or reads it from standard input:
    ///
    ///   echo "$PASSWORD" | sifhub user add alice --password-stdin
    #[command(verbatim_doc_comment)]
    Add {
        /// The name: lower-case letters and digits, joined by single '.', '_' or '-'
        name: String,
        /// Let this account administer the site
        #[arg(long)]
        admin: bool,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// List the accounts
    List,
    /// Give an account another password; its browser sessions end
    Passwd {
        /// The account's name
        name: String,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// Keep an account out: its password, sessions and tokens stop working; what it owns stays
    Disable {
        /// The account's name
        name: String,
    },
    /// Let a disabled account in again
    Enable {
        /// The account's name
        name: String,
    },
    /// Let an account administer the site
    Promote {
        /// The account's name
        name: String,
    },
    /// Let an account administer the site no longer
    Demote {
        /// The account's name
        name: String,
    },
}

impl User {
    pub(super) async fn run(self, config: Config) -> Result<()> {
        let app = match &self {
            Self::Add { .. } => open(config).await?,
            _ => open_existing(config).await?,
        };
        let operator = app.operator();
        match self {
            Self::Add {
                name,
                admin,
                password_stdin,
            } => {
                let password = password(password_stdin)?;
                let user =
                    auth::create_user(&operator, name.parse()?, admin, Some(&password)).await?;
                println!("made the account {}", user.name);
            }
            Self::List => list(&operator).await?,
            Self::Passwd {
                name,
                password_stdin,
            } => {
                let user = account(&operator, &name).await?;
                auth::set_password(&operator, user.id, &password(password_stdin)?).await?;
                println!("changed the password of {name}");
            }
            Self::Disable { name } => set_enabled(&operator, &name, false).await?,
            Self::Enable { name } => set_enabled(&operator, &name, true).await?,
            Self::Promote { name } => set_admin(&operator, &name, true).await?,
            Self::Demote { name } => set_admin(&operator, &name, false).await?,
        }
        Ok(())
    }
}

async fn set_enabled(operator: &Caller, name: &str, enabled: bool) -> Result<()> {
    let user = account(operator, name).await?;
    user::set_enabled(operator, user.id, enabled).await?;
    println!("{} {name}", if enabled { "enabled" } else { "disabled" });
    Ok(())
}

async fn set_admin(operator: &Caller, name: &str, admin: bool) -> Result<()> {
    let user = account(operator, name).await?;
    user::set_admin(operator, user.id, admin).await?;
    println!("{} {name}", if admin { "promoted" } else { "demoted" });
    Ok(())
}

async fn list(operator: &Caller) -> Result<()> {
    let mut args = PageArgs {
        limit: 100,
        ..PageArgs::default()
    };
    println!(
        "{:<24} {:<6} {:<9} {:<20} LAST SIGN-IN",
        "NAME", "ADMIN", "STATE", "CREATED"
    );
    loop {
        let page = user::list(operator, &UserFilter::default(), &args).await?;
        for (cursor, user) in page.items {
            let state = if user.disabled_at.is_some() {
                "disabled"
            } else {
                "active"
            };
            let admin = if user.admin { "yes" } else { "no" };
            let last = user
                .last_login_at
                .map(|at| at.format("%F %T").to_string())
                .unwrap_or_default();
            println!(
                "{:<24} {admin:<6} {state:<9} {:<20} {last}",
                user.name,
                user.created_at.format("%F %T")
            );
            args.after = Some(cursor);
        }
        if !page.has_next {
            return Ok(());
        }
    }
}

/// From standard input, or asked for twice at the terminal without showing it.
fn password(from_stdin: bool) -> Result<String> {
    let unreadable =
        |error: std::io::Error| Error::invalid("password", format!("it cannot be read: {error}"));
    if from_stdin {
        let text = read_to_string(stdin()).map_err(unreadable)?;
        return Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned());
    }
    if !stdin().is_terminal() {
        return Err(Error::invalid(
            "password",
            "there is no terminal to ask at; use --password-stdin",
        ));
    }
    let first = rpassword::prompt_password("Password: ").map_err(unreadable)?;
    let second = rpassword::prompt_password("Once more: ").map_err(unreadable)?;
    if first == second {
        Ok(first)
    } else {
        Err(Error::invalid("password", "the two differ; try again"))
    }
}
