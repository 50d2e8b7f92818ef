//! `sluice mint cat`: a Common Access Token (CTA-5007), made by hand.

mod parse;

use std::{path::PathBuf, time::SystemTime};

use anyhow::{Context, bail};
use sluice_gate::grant::{
    Algorithm,
    cat::{CatAlgorithm, binary, cbor::Value, claim_label, hs256, mint},
};

use self::parse::{HeaderMatch, Network, UrlMatch};
use super::SigningKey;
use crate::{
    cat::{RENEWAL_TYPES, REPLAY},
    config::{Secret, SecretRef},
};

/// The fewest bytes of an HS256 secret that an edge takes.
const MIN_SECRET: usize = 32;

/// `sluice mint cat`
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("key").required(true).args(["key_file", "secret_env"])))]
pub struct CatArgs {
    /// The account, `sub`; without it the token is nobody's in particular, and opens no title that has a stream limit
    #[arg(long)]
    pub account: Option<String>,
    /// The one title that it covers: as --url path:prefix:/v1/TITLE/
    #[arg(long, conflicts_with = "urls")]
    pub title: Option<String>,
    /// A match of a part of the URL, all of which must hold (`catu`): PART:MATCH:VALUE, such as path:prefix:/v1/film/
    #[arg(long = "url", value_name = "PART:MATCH:VALUE", value_parser = parse::url)]
    pub urls: Vec<UrlMatch>,
    /// A method that it permits (`catm`)
    #[arg(long = "method")]
    pub methods: Vec<String>,
    /// A network that it may be used from (`catnip`): AS64500, an address, a prefix such as 192.0.2.0/24
    #[arg(long = "network", value_parser = parse::network)]
    pub networks: Vec<Network>,
    /// A country that it may be used in (`catgeoiso3166`)
    #[arg(long = "country", value_name = "CODE")]
    pub countries: Vec<String>,
    /// A match of a header that the request must carry (`cath`): NAME:MATCH:VALUE
    #[arg(long = "header", value_name = "NAME:MATCH:VALUE", value_parser = parse::header)]
    pub headers: Vec<HeaderMatch>,
    /// Whether it may be shown again (`catreplay`)
    #[arg(long, value_parser = REPLAY)]
    pub replay: Option<String>,
    /// How it is renewed (`catr`)
    #[arg(long, value_name = "HOW", value_parser = RENEWAL_TYPES[..3].to_vec(), requires = "renew_for")]
    pub renew: Option<String>,
    /// Seconds that its successor lasts
    #[arg(long, value_name = "SECONDS", requires = "renew", value_parser = clap::value_parser!(i64).range(1..))]
    pub renew_for: Option<i64>,
    /// Seconds before its end from which on it is renewed
    #[arg(long, value_name = "SECONDS", requires = "renew", value_parser = clap::value_parser!(i64).range(0..))]
    pub renew_within: Option<i64>,
    /// What names it (`cti`): text, or hex: and hex digits
    #[arg(long)]
    pub id: Option<String>,
    /// Seconds until it ends
    #[arg(long, default_value_t = 3600)]
    pub ttl: u64,
    /// The key's id, as the edge's configuration has it
    #[arg(long)]
    pub kid: String,
    /// The algorithm that the edge's configuration pins to that key
    #[arg(long, value_parser = algorithm)]
    pub alg: CatAlgorithm,
    /// The private key (PEM) or, for HS256, the shared secret (text, or hex: and hex digits), in a file
    #[arg(long)]
    pub key_file: Option<PathBuf>,
    /// The same in an environment variable
    #[arg(long, value_name = "NAME")]
    pub secret_env: Option<String>,
    /// `iss`
    #[arg(long)]
    pub issuer: Option<String>,
    /// `aud`
    #[arg(long)]
    pub audience: Option<String>,
}

fn algorithm(text: &str) -> Result<CatAlgorithm, String> {
    [CatAlgorithm::Hs256, CatAlgorithm::Es256, CatAlgorithm::Ps256]
        .into_iter()
        .find(|algorithm| algorithm.as_str() == text)
        .ok_or_else(|| "one of HS256, ES256, PS256".to_owned())
}

/// Mints the token and prints it.
///
/// # Errors
/// A key that cannot be read or does not serve, a token that no edge would take.
pub fn run(args: &CatArgs) -> anyhow::Result<()> {
    let now =
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).context("this machine's clock is before 1970")?;
    println!("{}", cat(args, now.as_secs())?);
    Ok(())
}

/// The token, made at `now` in Unix seconds.
///
/// # Errors
/// As [`run`].
pub fn cat(args: &CatArgs, now: u64) -> anyhow::Result<String> {
    let reference = match (&args.key_file, &args.secret_env) {
        (Some(path), _) => SecretRef::File(path.clone()),
        (None, Some(name)) => SecretRef::Env(name.clone()),
        (None, None) => bail!("no key; give --key-file or --secret-env"),
    };
    let key = Secret::new(reference).read()?;
    let bytes = |text: &str, what: &str| {
        binary(text.as_bytes()).with_context(|| format!("{what}: no pairs of hex digits after hex:"))
    };
    let kid = bytes(&args.kid, "--kid")?;
    let id = args.id.as_deref().map(|id| bytes(id, "--id")).transpose()?;
    let folder = args.title.as_deref().map(parse::title);
    let urls: Vec<&UrlMatch> = args.urls.iter().chain(&folder).collect();
    let claims = claims(args, &urls, id.as_ref().map(|id| id.as_slice()), now)?;
    let token = match args.alg {
        CatAlgorithm::Hs256 => {
            let secret = bytes(key.as_str(), "the secret")?;
            if secret.len() < MIN_SECRET {
                bail!("the secret has {} bytes where HS256 needs at least 32", secret.len());
            }
            mint(args.alg, &kid, &claims, |message| Some(hs256(&secret, message)))
        }
        CatAlgorithm::Es256 | CatAlgorithm::Ps256 => {
            let algorithm = if args.alg == CatAlgorithm::Es256 { Algorithm::Es256 } else { Algorithm::Ps256 };
            let signer = SigningKey::from_pem(algorithm, key.as_bytes())?;
            mint(args.alg, &kid, &claims, |message| signer.sign(message).ok())
        }
    };
    Ok(token?)
}

/// The claims, in the order of their labels.
fn claims<'a>(args: &'a CatArgs, urls: &[&'a UrlMatch], id: Option<&'a [u8]>, now: u64) -> anyhow::Result<Value<'a>> {
    let time = |seconds: u64| i64::try_from(seconds).map(Value::Int).context("--ttl is too long");
    let texts = |texts: &'a [String]| {
        (!texts.is_empty()).then(|| Value::Array(texts.iter().map(|text| Value::Text(text)).collect()))
    };
    let networks = args.networks.iter().map(Network::value).collect::<Vec<_>>();
    let replay = args.replay.as_ref().and_then(|replay| REPLAY.iter().position(|known| known == replay));
    let claims = [
        ("iss", args.issuer.as_deref().map(Value::Text)),
        ("sub", args.account.as_deref().map(Value::Text)),
        ("aud", args.audience.as_deref().map(Value::Text)),
        ("exp", Some(time(now.saturating_add(args.ttl))?)),
        ("iat", Some(time(now)?)),
        ("cti", id.map(Value::Bytes)),
        ("catreplay", replay.map(|value| Value::Int(value as i64))),
        ("catv", Some(Value::Int(1))),
        ("catnip", (!networks.is_empty()).then_some(Value::Array(networks))),
        ("catu", parse::matches(urls.iter().map(|url| (Value::Int(url.part), &url.rule)))),
        ("catm", texts(&args.methods)),
        ("cath", parse::matches(args.headers.iter().map(|header| (Value::Text(&header.name), &header.rule)))),
        ("catgeoiso3166", texts(&args.countries)),
        ("catr", renewal(args)),
    ];
    let labelled = claims.into_iter().filter_map(|(name, value)| Some((Value::Int(claim_label(name)?), value?)));
    Ok(Value::Map(labelled.collect()))
}

fn renewal(args: &CatArgs) -> Option<Value<'static>> {
    let kind = RENEWAL_TYPES.iter().position(|known| Some(*known) == args.renew.as_deref())?;
    let members = [(0, Some(kind as i64)), (1, args.renew_for), (2, args.renew_within)];
    Some(Value::Map(
        members.into_iter().filter_map(|(label, value)| Some((Value::Int(label), Value::Int(value?)))).collect(),
    ))
}

#[cfg(test)]
mod tests;
