use std::fmt::Write;

use aho_corasick::AhoCorasick;
use anyhow::{Result, bail};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use sluice_packager::keys::{ContentKey, Kid};

/// How keys are written by those who should not: what to look for.
pub(super) struct Forms {
    names: Vec<&'static str>,
    search: AhoCorasick,
}

impl Forms {
    pub(super) fn of<'a>(keys: impl Iterator<Item = &'a ContentKey>) -> Result<Self> {
        let (mut names, mut patterns) = (Vec::new(), Vec::new());
        for key in keys {
            for (name, pattern) in written(key.expose()) {
                names.push(name);
                patterns.push(pattern);
            }
        }
        Ok(Self { names, search: AhoCorasick::new(patterns)? })
    }

    /// In which form a key is there.
    pub(super) fn find(&self, bytes: &[u8]) -> Option<&'static str> {
        self.search.find(bytes).map(|found| self.names[found.pattern().as_usize()])
    }

    pub(super) fn absent(&self, bytes: &[u8], place: impl FnOnce() -> String) -> Result<()> {
        match self.find(bytes) {
            Some(form) => bail!("{}: a content key, {form}", place()),
            None => Ok(()),
        }
    }
}

fn written(key: &[u8; 16]) -> Vec<(&'static str, Vec<u8>)> {
    let hex = key.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    });
    let uuid = Kid(*key).uuid();
    // PlayReady's order of bytes.
    let mut guid = *key;
    guid[..4].reverse();
    guid[4..6].reverse();
    guid[6..8].reverse();
    let decimal = key.map(|byte| byte.to_string());
    let mut forms = vec![
        ("raw", key.to_vec()),
        ("raw, as a GUID", guid.to_vec()),
        ("hex", hex.to_ascii_uppercase().into_bytes()),
        ("UUID", uuid.to_ascii_uppercase().into_bytes()),
        ("UUID of a GUID", Kid(guid).uuid().into_bytes()),
        ("UUID", uuid.into_bytes()),
        ("an array", decimal.join(",").into_bytes()),
        ("an array", decimal.join(", ").into_bytes()),
        ("hex", hex.into_bytes()),
    ];
    // Base64 in base64 begins at any of three places within a group; what its neighbours decide is left out.
    for lead in 0..3 {
        let padded: Vec<u8> = std::iter::repeat_n(0, lead).chain(*key).collect();
        let (from, to) = ((lead * 8).div_ceil(6), padded.len() * 8 / 6);
        for text in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            forms.push(("base64", text.as_bytes()[from..to].to_vec()));
        }
    }
    forms
}

#[test]
fn a_key_is_found_however_it_is_written() {
    let key: [u8; 16] = std::array::from_fn(|at| 0xa0 ^ (at as u8).wrapping_mul(29));
    let forms = Forms::of([ContentKey::new(key)].iter()).expect("forms");
    assert_eq!(forms.find(&[0; 64]), None);
    let mut flipped = key;
    flipped[7] ^= 1;
    assert_eq!(forms.find(&flipped), None);
    for lead in 0..5 {
        let bytes: Vec<u8> = std::iter::repeat_n(7, lead).chain(key).chain([9, 9]).collect();
        assert_eq!(forms.find(&bytes), Some("raw"));
        assert_eq!(forms.find(STANDARD_NO_PAD.encode(&bytes).as_bytes()), Some("base64"));
        assert_eq!(forms.find(URL_SAFE_NO_PAD.encode(&bytes).as_bytes()), Some("base64"));
    }
    assert_eq!(forms.find(format!("kid={}", Kid(key)).as_bytes()), Some("hex"));
    assert_eq!(forms.find(format!("{{{}}}", Kid(key).uuid()).as_bytes()), Some("UUID"));
    assert_eq!(forms.find(format!("{key:?}").as_bytes()), Some("an array"));
}
