//! HLS playlists and the MPD: descriptor in, text out.

use http::{StatusCode, header};
use sluice_gate::Deny;
use sluice_packager::{
    dash,
    drm::Provided,
    hls::{self, Playlist},
    manifest::{self, Addressing, Options},
    title::{Delivery, KeySystem, SignalledBy, Track, TrackId, TrackKind},
};

use super::Viewing;
use crate::{Body, Error, Host, Response, confirm, host::ByteStream, origin::Title, response::NO_STORE};

const HLS_TYPE: &str = "application/vnd.apple.mpegurl";
const DASH_TYPE: &str = "application/dash+xml";

pub(super) async fn multivariant<H: Host>(
    viewing: &Viewing<'_, H>,
    delivery: Delivery,
) -> Result<Response<H::Body>, Error> {
    let (title, asked) = asked(viewing, delivery).await?;
    respond(HLS_TYPE, hls::multivariant(&title.media, &asked.options()))
}

pub(super) async fn playlist<H: Host>(
    viewing: &Viewing<'_, H>,
    delivery: Delivery,
    track: &TrackId,
) -> Result<Response<H::Body>, Error> {
    let (title, asked) = asked(viewing, delivery).await?;
    let media = |track: &Track| track.kind != TrackKind::Text;
    if asked.addressing == Addressing::Segments || !title.media.track(track).is_some_and(media) {
        return stream(hls::media_playlist(&title.media, track, &asked.options()));
    }
    let mut plan = viewing.origin.whole_plan(viewing.title, &title.media.version, track).await?;
    let written = hls::ranges_playlist(&title.media, track, &plan.value, &asked.options());
    if matches!(written, Err(manifest::Error::Plan)) {
        plan.body.reject();
    }
    stream(written)
}

pub(super) async fn iframes<H: Host>(
    viewing: &Viewing<'_, H>,
    delivery: Delivery,
    track: &TrackId,
) -> Result<Response<H::Body>, Error> {
    let (title, asked) = asked(viewing, delivery).await?;
    if title.media.track(track).is_none_or(|track| track.kind != TrackKind::Video) {
        return Err(Error::UnknownTrack);
    }
    let mut plan = viewing.origin.whole_plan(viewing.title, &title.media.version, track).await?;
    let written = hls::iframes(&title.media, track, &plan.value, &asked.options());
    if written == Err(manifest::Error::Plan) {
        plan.body.reject();
    }
    respond(HLS_TYPE, written)
}

pub(super) async fn mpd<H: Host>(viewing: &Viewing<'_, H>, delivery: Delivery) -> Result<Response<H::Body>, Error> {
    let (title, asked) = asked(viewing, delivery).await?;
    respond(DASH_TYPE, dash::mpd(&title.media, &asked.options()))
}

/// What a manifest request asks for, checked against the title's policy and the viewer's right.
struct Asked<'a> {
    delivery: Delivery,
    systems: Vec<KeySystem>,
    max_height: Option<u32>,
    codecs: Option<Vec<&'a str>>,
    base: String,
    query: &'a str,
    addressing: Addressing,
    define: bool,
    provided: Option<Provided>,
}

impl Asked<'_> {
    fn options(&self) -> Options<'_> {
        let Self { delivery, systems, max_height, codecs, base, query, addressing, define, provided } = self;
        Options {
            delivery: *delivery,
            systems,
            max_height: *max_height,
            codecs: codecs.as_deref(),
            base,
            query,
            addressing: *addressing,
            define: *define,
            provided: provided.as_ref(),
        }
    }
}

/// The title as it is now, and what of it this request may list.
async fn asked<'a, H: Host>(viewing: &Viewing<'a, H>, delivery: Delivery) -> Result<(Title, Asked<'a>), Error> {
    let Viewing { context, origin, credential, title: id } = viewing;
    let request = context.request;
    let title = origin.title(id).await?;
    confirm::authorize(&title, credential, context.host.now(), &context.client)?;
    if !credential.may(delivery) {
        return Err(Deny::NotEntitled.into());
    }
    if !title.media.offers(delivery) {
        return Err(Error::UnknownRoute);
    }
    let wanted = request.parameter("ks").map(key_systems).transpose()?;
    let systems = match (&title.media.key_policy, delivery.scheme()) {
        (Some(policy), Some(scheme)) => policy.systems_for(scheme, wanted.as_deref()),
        _ => Vec::new(),
    };
    let by_provider = title.media.key_policy.as_ref().is_some_and(|policy| policy.signalling == SignalledBy::Provider);
    let limit = request.parameter("max_height").map(height).transpose()?;
    let mut asked = Asked {
        delivery,
        systems,
        max_height: [limit, credential.max_height()].into_iter().flatten().min(),
        codecs: request.parameter("codecs").map(|list| list.split(',').collect()),
        base: context.base(context.handle, id),
        query: carried_query(request.query())?,
        addressing: request.parameter("addressing").map_or(Ok(Addressing::Segments), addressing)?,
        define: match request.parameter("define") {
            None | Some("0") => false,
            Some("1") => true,
            Some(_) => return Err(Error::BadRequest("define is neither 0 nor 1")),
        },
        provided: None,
    };
    // Once nothing of the request is wrong any more.
    if by_provider && asked.systems.iter().any(|system| system.is_provided()) {
        asked.provided = Some(origin.signalling(id, &title.media.version, delivery).await?);
    }
    Ok((title, asked))
}

fn respond<B>(content_type: &'static str, written: Result<String, manifest::Error>) -> Result<Response<B>, Error> {
    let text = written.map_err(refused)?;
    Ok(Response::full(StatusCode::OK, content_type, text.into_bytes()).cached(NO_STORE))
}

/// A media playlist as it is written: its length is not known before.
fn stream<B>(written: Result<Playlist, manifest::Error>) -> Result<Response<B>, Error> {
    let mut response = Response::empty(StatusCode::OK).cached(NO_STORE);
    response.set(header::CONTENT_TYPE, HLS_TYPE);
    response.body = Body::Playlist(Box::new(written.map_err(refused)?));
    Ok(response)
}

fn refused(error: manifest::Error) -> Error {
    match error {
        manifest::Error::UnknownTrack => Error::UnknownTrack,
        manifest::Error::NotOffered => Error::UnknownRoute,
        manifest::Error::NothingLeft => Error::BadRequest("max_height or codecs leave no track"),
        manifest::Error::NoRanges => Error::BadRequest("this delivery or title has no byte ranges"),
        manifest::Error::NoKeySystem => Error::BadRequest("none of the key systems is allowed in this delivery"),
        manifest::Error::Unsignalled(system) => unsignalled(system),
        manifest::Error::TooManySegments | manifest::Error::Plan | manifest::Error::Url => {
            Error::Origin(error.to_string())
        }
    }
}

/// A manifest that lacked a system in silence would play nowhere that has it alone.
pub(super) fn unsignalled(system: KeySystem) -> Error {
    Error::KeyUnavailable(match system {
        KeySystem::Widevine => "the key provider signals no Widevine for a key of the title",
        KeySystem::Playready => "the key provider signals no PlayReady for a key of the title",
        _ => "the key provider signals no FairPlay for a key of the title",
    })
}

fn key_systems(list: &str) -> Result<Vec<KeySystem>, Error> {
    let unknown = Error::BadRequest("ks names a key system that does not exist");
    list.split(',').map(KeySystem::parse).collect::<Option<_>>().ok_or(unknown)
}

fn addressing(word: &str) -> Result<Addressing, Error> {
    match word {
        "segments" => Ok(Addressing::Segments),
        "ranges" => Ok(Addressing::Ranges),
        _ => Err(Error::BadRequest("addressing is neither segments nor ranges")),
    }
}

fn height(text: &str) -> Result<u32, Error> {
    text.parse().map_err(|_| Error::BadRequest("max_height is not a number of pixels"))
}

/// The query that playlists hand on, refused where it has a character that no parameter of ours needs.
fn carried_query(query: &str) -> Result<&str, Error> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~=&,".contains(&byte);
    if query.bytes().all(plain) {
        Ok(query)
    } else {
        Err(Error::BadRequest("the query has a character that no parameter needs"))
    }
}
