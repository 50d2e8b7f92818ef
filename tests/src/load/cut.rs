//! What becomes of sessions when the store dies: they play by their cookie to the end of the lease that they have, and no longer.

use std::time::Duration;

use anyhow::{Context, Result};
use futures::future::try_join_all;

use crate::fixture::{Session, Stack};

/// Sessions that are watched.
const WATCHED: usize = 5;

/// What time passes between two looks.
const STEP: Duration = Duration::from_secs(1);

/// Sessions of accounts that do not race.
pub(super) async fn begin(stack: &Stack) -> Result<Vec<Session>> {
    try_join_all((0..WATCHED).map(async |at| stack.session(&format!("watched-{at}")).await)).await
}

/// Plays all of them until none may. Whatever was otherwise, a line each.
pub(super) async fn watch(stack: &Stack, sessions: Vec<Session>) -> Result<Vec<String>> {
    let mut watched = sessions.iter().map(|session| Watched::new(stack, session)).collect::<Result<Vec<_>>>()?;
    let mut problems = Vec::new();
    while !watched.is_empty() {
        let looks = try_join_all(watched.iter_mut().map(|watched| watched.look(stack))).await?;
        let mut looks = looks.into_iter();
        watched.retain(|_| match looks.next() {
            Some(Look::Plays) => true,
            Some(Look::Over) | None => false,
            Some(Look::Wrong(problem)) => {
                problems.push(problem);
                false
            }
        });
        stack.pass(STEP).await;
    }
    Ok(problems)
}

/// A session that is being watched.
struct Watched {
    url: String,
    cookie: String,
    expires: u64,
    played: bool,
}

enum Look {
    Plays,
    Over,
    Wrong(String),
}

impl Watched {
    fn new(stack: &Stack, session: &Session) -> Result<Self> {
        let manifest = session.dash("cbcs").context("cbcs is offered")?;
        let (_, path) = manifest.split_once("/v1/").context("a path")?;
        let (folder, _) = path.rsplit_once('/').context("a folder")?;
        let url = format!("/v1/{folder}/a-en/1.m4s?v={}", stack.indexed.descriptor.version);
        let cookie = format!("sluice-lease={}", session.lease);
        Ok(Self { url, cookie, expires: session.expires, played: false })
    }

    async fn look(&mut self, stack: &Stack) -> Result<Look> {
        let asked = stack.now();
        let answer = stack.get(&self.url, &[("cookie", &self.cookie)]).await?;
        let answered = stack.now();
        let (status, code) = answer.problem();
        let wrong = |what: &str| Look::Wrong(format!("a running session without a store {what}: {status} {code}"));
        let look = match status {
            200 if asked >= self.expires => wrong("goes on after its lease"),
            200 => Look::Plays,
            401 if answered < self.expires => wrong("ends before its lease"),
            401 if !self.played => wrong("never played"),
            401 => Look::Over,
            _ => wrong("fails"),
        };
        self.played |= status == 200;
        Ok(look)
    }
}
