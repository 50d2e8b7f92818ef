//! What is played: every player, protocol, scheme and carriage.

use anyhow::{Context, Result};
use serde::Serialize;
use sluice_tests::{faulty::FaultyProxy, fixture::Session};

use crate::{
    refusals,
    stage::{self, Stage},
};

/// A player with a protocol, and the query by which a playlist lists the key system that it knows.
pub(crate) struct Player {
    pub(crate) name: &'static str,
    pub(crate) protocol: Protocol,
    pub(crate) query: &'static str,
}

pub(crate) const PLAYERS: [Player; 4] = [
    Player { name: "shaka", protocol: Protocol::Dash, query: "" },
    Player { name: "shaka", protocol: Protocol::Hls, query: "?ks=identity" },
    Player { name: "dash", protocol: Protocol::Dash, query: "" },
    Player { name: "hls", protocol: Protocol::Hls, query: "?ks=clearkey" },
];
const SCHEMES: [&str; 2] = ["cenc", "cbcs"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Protocol {
    Dash,
    Hls,
}

/// What is asked of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Purpose {
    /// Everything that a viewer sees and hears.
    Play,
    /// No picture, whatever else.
    NoPicture,
    /// The edge's answer stops the player, and the player knows which.
    Refusal,
}

/// How the lease travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carriage {
    Handle,
    Cookie,
}

/// What the page's `run` takes, and what the tests know of it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Case {
    pub(crate) id: usize,
    pub(crate) player: &'static str,
    pub(crate) purpose: Purpose,
    /// The manifest; empty where the page creates the session.
    pub(crate) url: String,
    pub(crate) license: Option<String>,
    pub(crate) mint: Option<Mint>,
    #[serde(skip)]
    pub(crate) protocol: Protocol,
    #[serde(skip)]
    pub(crate) scheme: &'static str,
    #[serde(skip)]
    pub(crate) carriage: Carriage,
    /// What is wrong with it, or special about it, for people.
    #[serde(skip)]
    pub(crate) what: String,
    /// Status and code of the edge's refusal.
    #[serde(skip)]
    pub(crate) expected: Option<(u16, &'static str)>,
}

/// A session for the page to create.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Mint {
    url: String,
    token: String,
    title: String,
    protocol: Protocol,
    scheme: &'static str,
    query: &'static str,
}

/// All cases of a stage. Sessions that are to be over, are; the travelling viewers are abroad.
pub(crate) async fn all(stage: &Stage) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for scheme in SCHEMES {
        for player in &PLAYERS {
            cases.push(by_handle(stage, &stage.home, player, scheme, "handle").await?);
            cases.push(by_cookie(stage, player, scheme)?);
            let other_key = by_handle(stage, &stage.other_keys, player, scheme, "other key").await?;
            cases.push(Case { purpose: Purpose::NoPicture, what: "a wrong key".to_owned(), ..other_key });
        }
    }
    // HLS alone knows it; keys are fetched as they are.
    for player in PLAYERS.iter().filter(|player| player.protocol == Protocol::Hls) {
        let player = &Player { query: "", ..*player };
        cases.push(by_handle(stage, &stage.home, player, "aes128", "handle").await?);
    }
    for scheme in SCHEMES {
        for player in &PLAYERS {
            let ranges = by_handle(stage, &stage.home, player, scheme, "ranges").await?;
            cases.push(in_ranges(ranges, "AVC"));
            for other in &stage.others {
                let session = other.stack.session(&account(player, scheme, other.what)).await?;
                let segments = of_session(player, scheme, &session)?;
                cases.push(in_ranges(segments.clone(), other.what));
                cases.push(Case { what: other.what.to_owned(), ..segments });
            }
        }
    }
    for player in &PLAYERS {
        cases.extend(refusals::of(stage, player).await?);
    }
    stage.leave_the_country()?;
    for (id, case) in cases.iter_mut().enumerate() {
        case.id = id;
    }
    Ok(cases)
}

/// A new session's case, by way of a proxy. Each has an account of its own, named after what it is for.
pub(crate) async fn by_handle(
    stage: &Stage,
    by: &FaultyProxy,
    player: &Player,
    scheme: &'static str,
    what: &str,
) -> Result<Case> {
    let session = stage.session(by, &account(player, scheme, what)).await?;
    of_session(player, scheme, &session)
}

/// The case of a session's URLs.
pub(crate) fn of_session(player: &Player, scheme: &'static str, session: &Session) -> Result<Case> {
    let manifest = match player.protocol {
        Protocol::Dash => session.dash(scheme),
        Protocol::Hls => session.hls(scheme),
    };
    let manifest = manifest.with_context(|| format!("the session offers no {scheme}"))?;
    let url = format!("{manifest}{}", player.query);
    Ok(Case { url, license: session.license.get("clearkey").cloned(), ..Case::new(player, scheme) })
}

/// The same by byte ranges of a file for each track.
fn in_ranges(case: Case, what: &str) -> Case {
    let mark = if case.url.contains('?') { '&' } else { '?' };
    Case { url: format!("{}{mark}addressing=ranges", case.url), what: format!("{what}, byte ranges"), ..case }
}

fn by_cookie(stage: &Stage, player: &Player, scheme: &'static str) -> Result<Case> {
    let mint = Mint {
        url: stage::sessions(&stage.home),
        token: stage.token(&account(player, scheme, "cookie"))?,
        title: stage.stack.title().to_owned(),
        protocol: player.protocol,
        scheme,
        query: player.query,
    };
    Ok(Case { mint: Some(mint), carriage: Carriage::Cookie, ..Case::new(player, scheme) })
}

impl Case {
    /// A case of playing by handle, without its URLs.
    fn new(player: &Player, scheme: &'static str) -> Self {
        Self {
            id: 0,
            player: player.name,
            purpose: Purpose::Play,
            url: String::new(),
            license: None,
            mint: None,
            protocol: player.protocol,
            scheme,
            carriage: Carriage::Handle,
            what: String::new(),
            expected: None,
        }
    }
}

pub(crate) fn account(player: &Player, scheme: &str, what: &str) -> String {
    format!("{} {:?} {scheme} {what}", player.name, player.protocol)
}
