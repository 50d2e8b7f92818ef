//! Documents that travel together: an edge that keeps nothing asks for a segment's record, plan and keys in one answer. What spoils a document by its own
//! path spoils it there as well, so that a test need not know how an edge asks.

use bytes::Bytes;

use super::{Fault, Rule};

/// The number of a document in the answer for a segment.
pub(super) type Part = usize;
pub(super) const KEYS: Part = 2;

/// The paths by which the documents of such an answer are had one by one; `None` where the path is none of a segment's documents.
fn paths(path: &str) -> Option<[String; 3]> {
    let (track, rest) = path.split_once("/segments/")?;
    let (_, delivery) = rest.split_once('/')?;
    let (version, _) = track.rsplit_once('/')?;
    Some([format!("{track}/record.json"), format!("{track}/plan.bin"), format!("{version}/keys/{delivery}")])
}

/// What becomes of a document in the answer to a request, where something does: which, and what.
pub(super) fn spoiled(rules: &mut [Rule], path: &str) -> Option<(Part, Fault)> {
    paths(path)?.iter().enumerate().find_map(|(part, path)| Some((part, Rule::apply(rules, path)?)))
}

/// The same answer with another document in it.
pub(super) fn replaced(answer: &[u8], part: Part, document: &Bytes) -> Option<Bytes> {
    let (mut rest, mut out) = (answer, Vec::new());
    for at in 0..3 {
        let (length, behind) = rest.split_first_chunk()?;
        let (own, behind) = behind.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        let document = if at == part { document } else { own };
        out.extend_from_slice(&u32::try_from(document.len()).ok()?.to_be_bytes());
        out.extend_from_slice(document);
        rest = behind;
    }
    rest.is_empty().then(|| out.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_found_by_its_own_path() {
        let rule = |path: &str| Rule { path: path.to_owned(), fault: Fault::Drop, times: None };
        let found = |rule_path: &str| {
            let found = spoiled(&mut [rule(rule_path)], "/titles/a/v/v360/segments/1/cbcs");
            found.map(|(part, _)| part)
        };
        assert_eq!(
            (found("v360/record.json"), found("v360/plan.bin"), found("/keys/cbcs")),
            (Some(0), Some(1), Some(2))
        );
        assert_eq!((found("v720/record.json"), found("/keys/cenc"), found("v360/1.m4s")), (None, None, None));
    }

    #[test]
    fn one_document_is_another_and_the_others_are_the_same() {
        let answer = b"\0\0\0\x01a\0\0\0\0\0\0\0\x02cd";
        let with = |part, document| replaced(answer, part, &Bytes::from_static(document));
        assert_eq!(with(1, b"xyz").as_deref(), Some(&b"\0\0\0\x01a\0\0\0\x03xyz\0\0\0\x02cd"[..]));
        assert_eq!(with(2, b"").as_deref(), Some(&b"\0\0\0\x01a\0\0\0\0\0\0\0\0"[..]));
        assert_eq!(replaced(&answer[..14], 0, &Bytes::new()), None);
    }
}
