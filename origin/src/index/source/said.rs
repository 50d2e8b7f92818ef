use sluice_packager::bmff::moov::Init;

/// What a manifest says of a track for viewers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::index) struct Said {
    /// BCP 47 language.
    pub(in crate::index) language: Option<String>,
    /// The name shown to viewers.
    pub(in crate::index) label: Option<String>,
    /// Whether players choose it without being asked.
    pub(in crate::index) default: bool,
}

impl Said {
    /// Takes what a manifest says, so far as it says something: `und` is no language.
    pub(super) fn new(language: Option<&str>, label: Option<&str>, default: bool) -> Self {
        let is_tag = |text: &&str| {
            (2..=35).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let label =
            label.map(|label| label.chars().filter(|letter| !letter.is_control()).take(128).collect::<String>());
        Self {
            language: language.map(str::trim).filter(is_tag).filter(|tag| *tag != "und").map(shortest),
            label: label.map(|label| label.trim().to_owned()).filter(|label| !label.is_empty()),
            default,
        }
    }
}

/// What `mdhd` of an init segment says of the language (ISO/IEC 14496-12, 8.4.2): three letters of five bits each.
pub(super) fn spoken(init: &Init<'_>) -> Option<String> {
    let mdhd = init.path.get(2)?.find(b"mdhd").ok()??;
    let at = if mdhd.payload().first() == Some(&1) { 32 } else { 20 };
    let [high, low] = *mdhd.payload().get(at..)?.first_chunk::<2>()?;
    let packed = u16::from_be_bytes([high, low]);
    let letter = |shift: u16| char::from((packed >> shift & 0x1f) as u8 + 0x60);
    let code: String = [10, 5, 0].map(letter).iter().collect();
    code.bytes().all(|byte| byte.is_ascii_lowercase()).then(|| Said::new(Some(&code), None, false).language).flatten()
}

/// BCP 47 wants the code of two letters where there is one (RFC 5646, 2.2.1); ffmpeg writes three (ISO 639-2). Those of the languages that are often
/// dubbed or subtitled; others stay as they are.
fn shortest(tag: &str) -> String {
    const SHORT: &str = "ara ar|bul bg|cat ca|ces cs|cze cs|chi zh|zho zh|dan da|deu de|ger de|dut nl|nld nl|ell el|gre el|eng en|est et|\
        fin fi|fra fr|fre fr|gle ga|heb he|hin hi|hrv hr|hun hu|ice is|isl is|ind id|ita it|jpn ja|kor ko|lav lv|lit lt|may ms|msa ms|\
        nob nb|nor no|pol pl|por pt|ron ro|rum ro|rus ru|slk sk|slo sk|slv sl|spa es|srp sr|swe sv|tam ta|tel te|tha th|tur tr|ukr uk|vie vi";
    let lower = tag.to_ascii_lowercase();
    let (primary, rest) = lower.split_at(lower.find('-').unwrap_or(lower.len()));
    let short = SHORT.split('|').filter_map(|pair| pair.split_once(' ')).find(|(long, _)| *long == primary);
    match short {
        Some((_, short)) => format!("{short}{}", &tag[rest.len().abs_diff(tag.len())..]),
        None => tag.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_tags_in_their_shortest_form() {
        for (said, tag) in [
            ("eng", Some("en")),
            ("fre", Some("fr")),
            ("fra-CA", Some("fr-CA")),
            ("pt-BR", Some("pt-BR")),
            ("gsw", Some("gsw")),
            ("und", None),
            ("", None),
            ("e\"n", None),
        ] {
            assert_eq!(Said::new(Some(said), None, false).language.as_deref(), tag, "{said}");
        }
        assert_eq!(Said::new(None, Some(" a\nb "), false).label.as_deref(), Some("ab"));
        assert_eq!(Said::new(None, Some("\n"), true), Said { default: true, ..Said::default() });
    }
}
