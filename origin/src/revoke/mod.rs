//! `sluice revoke`: ends a session, or everything of an account up to a time, by the edge's route for administrators.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, anyhow, bail};
use reqwest::{
    Client, StatusCode, Url,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue},
    redirect,
};
use serde::Deserialize;
use serde_json::json;
use sluice_gate::SessionId;

use crate::{
    UsageError,
    config::{Secret, SecretRef},
    outgoing,
};

/// For the whole of it.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Longest answer that is read, bytes.
const LONGEST: usize = 64 * 1024;

/// `sluice revoke`
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["session", "account"])))]
#[command(group(clap::ArgGroup::new("token").required(true).args(["token_file", "token_env"])))]
pub struct RevokeArgs {
    /// A session, by its id (32 hex digits)
    #[arg(long, value_name = "ID", value_parser = session)]
    pub session: Option<SessionId>,
    /// An account: its sessions, and the grants that it has; by its name in grants, or by its id in the decision log
    #[arg(long, value_name = "ID")]
    pub account: Option<String>,
    /// Of the account only what was started and issued before this time, Unix seconds; default: all up to now
    #[arg(long, value_name = "T", requires = "account", conflicts_with = "session")]
    pub before: Option<u64>,
    /// The edge: scheme, host and port
    #[arg(long)]
    pub url: Url,
    /// The administrator's token, in a file (see `sluice mint admin`)
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// The same in an environment variable
    #[arg(long, value_name = "NAME")]
    pub token_env: Option<String>,
}

fn session(text: &str) -> Result<SessionId, String> {
    SessionId::parse(text).ok_or_else(|| "a session's id is 32 lower-case hex digits".to_owned())
}

/// What the edge answers.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    accounts: Vec<String>,
    before: Option<u64>,
    code: Option<String>,
}

/// Revokes, and prints what was revoked.
///
/// # Errors
/// A token that cannot be read, an edge that cannot be reached or that refuses.
pub fn run(args: &RevokeArgs) -> anyhow::Result<()> {
    let url = route(&args.url)?;
    let reference = SecretRef::of_arguments(args.token_file.as_ref(), args.token_env.as_ref())?;
    let token = Secret::new(reference).read()?;
    let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.trim())).context("the token is none")?;
    bearer.set_sensitive(true);
    let body = match (&args.session, &args.account) {
        (Some(session), _) => json!({"session": session}),
        (None, Some(account)) => match args.before {
            Some(before) => json!({"account": account, "before": before}),
            None => json!({"account": account}),
        },
        (None, None) => return Err(UsageError("give --session or --account".to_owned()).into()),
    };
    let (status, answer) = post(url, bearer, body.to_string())?;
    let said: Option<Answer> = serde_json::from_slice(&answer).ok();
    if status != StatusCode::OK {
        return Err(refused(status, said.and_then(|answer| answer.code).as_deref()));
    }
    let said = said.ok_or_else(|| anyhow!("the edge's answer cannot be read: is the URL the edge's?"))?;
    match (&args.session, said.before) {
        (Some(session), _) => println!("session {session} is revoked; it stops within a lease's life"),
        (None, Some(before)) => {
            for account in &said.accounts {
                println!("account {account}: what began before {before} is revoked; it stops within a lease's life");
            }
        }
        (None, None) => bail!("the edge's answer cannot be read: is the URL the edge's?"),
    }
    Ok(())
}

/// The route at that edge.
fn route(edge: &Url) -> anyhow::Result<Url> {
    let bare = matches!(edge.path(), "" | "/") && edge.query().is_none() && edge.fragment().is_none();
    if !matches!(edge.scheme(), "http" | "https") || !bare {
        return Err(UsageError("--url: http(s)://host[:port] and nothing after it".to_owned()).into());
    }
    Ok(edge.join("v1/revocations")?)
}

fn post(url: Url, bearer: HeaderValue, body: String) -> anyhow::Result<(StatusCode, Vec<u8>)> {
    outgoing::prepare_tls();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // The token goes to the URL that was given and nowhere else.
        let client = Client::builder().timeout(TIMEOUT).redirect(redirect::Policy::none()).build()?;
        let request =
            client.post(url).header(AUTHORIZATION, bearer).header(CONTENT_TYPE, "application/json").body(body);
        let mut response = request.send().await.context("the edge cannot be reached")?;
        let status = response.status();
        let mut out = Vec::new();
        while let Some(chunk) = response.chunk().await.context("the edge's answer broke off")? {
            if out.len() + chunk.len() > LONGEST {
                bail!("the answer is longer than {LONGEST} bytes: is the URL the edge's?");
            }
            out.extend_from_slice(&chunk);
        }
        Ok((status, out))
    })
}

/// Why the edge did not, in words that help.
fn refused(status: StatusCode, code: Option<&str>) -> anyhow::Error {
    let why = match (status.as_u16(), code) {
        (401, Some("token_expired")) => "the token is over; mint another with sluice mint admin",
        (401, _) => "the edge does not take the token: look at the key, kid, issuer and audience of admin.tokens",
        (403, _) => "the token names no role that may revoke, or this address is turned away",
        (404 | 405, _) => "there is no such route: is the URL the edge's?",
        (410, _) => "the edge does not know the session: it is over, or the id is wrong",
        (503, _) => "the edge's store is not available, nothing is sure to be revoked; try again",
        _ => "the edge refused",
    };
    match code {
        Some(code) => anyhow!("{why} ({} {code})", status.as_u16()),
        None => anyhow!("{why} ({})", status.as_u16()),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::TcpListener,
        thread,
    };

    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: RevokeArgs,
    }

    /// What is said, and what was asked, of an edge that gives that answer to one request.
    fn against(status: &str, body: &str, options: &[&str]) -> (anyhow::Result<()>, String) {
        let folder = tempfile::tempdir().expect("a folder");
        let token = folder.path().join("token");
        std::fs::write(&token, "a.b.c\n").expect("writable");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
        let edge = thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a request");
            let mut asked = Vec::new();
            let mut buffer = [0; 4096];
            // A body is an object that has no braces within.
            while !asked.ends_with(b"}") {
                let count = stream.read(&mut buffer).expect("reads");
                assert!(count > 0, "the request is whole");
                asked.extend_from_slice(&buffer[..count]);
            }
            stream.write_all(answer.as_bytes()).expect("writes");
            String::from_utf8(asked).expect("text")
        });
        let path = token.display().to_string();
        let words = ["revoke", "--url", &url, "--token-file", &path].into_iter().chain(options.iter().copied());
        let outcome = run(&Cli::try_parse_from(words).map(|cli| cli.args).unwrap_or_else(|error| panic!("{error}")));
        (outcome, edge.join().expect("ends"))
    }

    #[test]
    fn the_route_is_asked_with_the_token() {
        let id = "0a".repeat(16);
        let (outcome, asked) = against("200 OK", &format!(r#"{{"session":"{id}"}}"#), &["--session", &id]);
        assert!(outcome.is_ok(), "{outcome:?}");
        let asked = asked.to_ascii_lowercase();
        assert!(
            asked.starts_with("post /v1/revocations http/1.1\r\n") && asked.contains("authorization: bearer a.b.c\r\n")
        );
        assert!(asked.ends_with(&format!(r#"{{"session":"{id}"}}"#)));
        let answer = format!(r#"{{"accounts":["{id}"],"before":7}}"#);
        let (outcome, asked) = against("200 OK", &answer, &["--account", "ann", "--before", "7"]);
        assert!(outcome.is_ok() && asked.ends_with(r#"{"account":"ann","before":7}"#), "{outcome:?} {asked}");
        let (outcome, asked) = against("200 OK", &answer, &["--account", "ann"]);
        assert!(outcome.is_ok() && asked.ends_with(r#"{"account":"ann"}"#));
    }

    #[test]
    fn refusals_are_explained_and_show_no_token() {
        for (status, body, says) in [
            ("401 Unauthorized", r#"{"code":"token_expired"}"#, "mint"),
            ("401 Unauthorized", r#"{"code":"token_invalid"}"#, "admin.tokens"),
            ("403 Forbidden", r#"{"code":"not_entitled"}"#, "role"),
            ("404 Not Found", "nothing", "URL"),
            ("410 Gone", r#"{"code":"session_ended"}"#, "session"),
            ("503 Service Unavailable", r#"{"code":"store_unavailable"}"#, "try again"),
            ("302 Found", "", "refused"),
            ("200 OK", "<html>", "URL"),
            ("200 OK", "{}", "URL"),
        ] {
            let said = format!("{:#}", against(status, body, &["--account", "ann"]).0.expect_err("refused"));
            assert!(said.contains(says) && !said.contains("a.b.c"), "{status}: {said}");
        }
    }

    #[test]
    fn wrong_usage_asks_nobody() {
        for options in [
            &["--url", "http://e"][..],
            &["--url", "http://e", "--token-env", "T"],
            &["--url", "http://e", "--token-env", "T", "--session", "ann"],
            &["--url", "http://e", "--token-env", "T", "--account", "a", "--session", "00"],
            &[
                "--url",
                "http://e",
                "--token-env",
                "T",
                "--session",
                "00000000000000000000000000000000",
                "--before",
                "1",
            ],
            &["--token-env", "T", "--account", "a"],
        ] {
            assert!(Cli::try_parse_from(["revoke"].iter().chain(options)).is_err(), "{options:?}");
        }
        for url in ["ftp://e", "http://e/path", "http://e/?a", "file:///etc"] {
            let parsed = Cli::try_parse_from(["revoke", "--token-env", "T", "--account", "a", "--url", url]);
            let error = run(&parsed.unwrap_or_else(|error| panic!("{error}")).args).expect_err("refused");
            assert!(error.is::<UsageError>(), "{url}: {error}");
        }
    }
}
