use std::{
    fs::File,
    io::{BufReader, Cursor, Read, Seek, SeekFrom},
    time::Duration,
};

use anyhow::{Context, bail};
use reqwest::{Client, Url, redirect};

use super::redact;
use crate::outgoing;

/// Longest text that is read.
const LONGEST_TEXT: u64 = 8 << 20;
/// Most bytes that are fetched from a URL.
const LONGEST_BODY: usize = 256 << 20;
/// For the whole of a fetch.
const TIMEOUT: Duration = Duration::from_secs(60);

trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

/// A file or what a URL gave.
pub(super) struct Input {
    /// How it is called in what is printed.
    pub(super) name: String,
    /// In bytes.
    pub(super) len: u64,
    content: Box<dyn ReadSeek>,
}

impl Input {
    /// Opens `FILE|URL`.
    ///
    /// # Errors
    /// That it cannot be read, or fetched within a minute and 256 MiB.
    pub(super) fn open(target: &str) -> anyhow::Result<Self> {
        if is_url(target) {
            let name = redact::url(target);
            let bytes = fetch(target).with_context(|| format!("{name}: cannot be fetched"))?;
            return Ok(Self { name, ..Self::of(bytes) });
        }
        let opened = File::open(target).and_then(|file| {
            let metadata = file.metadata()?;
            if metadata.is_dir() { Err(std::io::ErrorKind::IsADirectory.into()) } else { Ok((file, metadata.len())) }
        });
        let (file, len) = opened.with_context(|| format!("{target}: cannot be read"))?;
        Ok(Self { name: target.to_owned(), len, content: Box::new(BufReader::new(file)) })
    }

    /// Bytes that are there already.
    pub(super) fn of(bytes: Vec<u8>) -> Self {
        Self { name: "bytes".to_owned(), len: bytes.len() as u64, content: Box::new(Cursor::new(bytes)) }
    }

    /// The first bytes, at most 1024.
    pub(super) fn head(&mut self) -> anyhow::Result<Vec<u8>> {
        self.read(1024)
    }

    /// All of it, for what is text.
    pub(super) fn whole(&mut self) -> anyhow::Result<Vec<u8>> {
        if self.len > LONGEST_TEXT {
            bail!("{}: {} bytes, of text at most {LONGEST_TEXT} are read", self.name, self.len);
        }
        self.read(LONGEST_TEXT)
    }

    /// What media is read from.
    pub(super) fn content(&mut self) -> &mut (impl Read + Seek + ?Sized) {
        &mut *self.content
    }

    fn read(&mut self, most: u64) -> anyhow::Result<Vec<u8>> {
        let mut out = Vec::new();
        let read =
            self.content.seek(SeekFrom::Start(0)).and_then(|_| self.content.by_ref().take(most).read_to_end(&mut out));
        read.with_context(|| format!("{}: cannot be read", self.name))?;
        Ok(out)
    }
}

/// Whether the argument is a URL rather than a file's name.
pub(super) fn is_url(target: &str) -> bool {
    ["http://", "https://"]
        .iter()
        .any(|scheme| target.get(..scheme.len()).is_some_and(|of| of.eq_ignore_ascii_case(scheme)))
}

fn fetch(url: &str) -> anyhow::Result<Vec<u8>> {
    outgoing::prepare_tls();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = Client::builder().timeout(TIMEOUT).redirect(redirect::Policy::limited(5)).build();
        // Errors of reqwest name the URL, which may carry a token.
        let client = client.map_err(reqwest::Error::without_url)?;
        let url = Url::parse(url).context("not a URL")?;
        let mut response = client.get(url).send().await.map_err(reqwest::Error::without_url)?;
        if !response.status().is_success() {
            bail!("the server answered {}", response.status());
        }
        let mut out = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)? {
            if out.len() + chunk.len() > LONGEST_BODY {
                bail!("the body is longer than {LONGEST_BODY} bytes");
            }
            out.extend_from_slice(&chunk);
        }
        Ok(out)
    })
}
