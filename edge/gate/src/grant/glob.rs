//! Wildcards as CDNs' policies have them.

/// Whether `pattern` stands for the whole of `text`: `*` for any bytes, also none, `?` for any one byte, every other byte for itself.
///
/// What follows a `*` is looked for from the left, and what was found stays found: no more comparisons than the two lengths
/// multiplied, and about their sum where what follows a `*` differs soon.
pub(super) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    // Behind the last `*`, and how far it reaches.
    let mut star: Option<(usize, usize)> = None;
    while read < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                at += 1;
                star = Some((at, read));
            }
            Some(byte) if *byte == b'?' || *byte == text[read] => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((behind, reach)) = star else { return false };
                star = Some((behind, reach + 1));
                (at, read) = (behind, reach + 1);
            }
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the wildcards mean, said once more and without care for time.
    fn naive(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (None, Some(_)) => false,
            (Some((b'*', rest)), _) => (0..=text.len()).any(|taken| naive(rest, &text[taken..])),
            (Some((b'?', rest)), Some((_, left))) => naive(rest, left),
            (Some((byte, rest)), Some((read, left))) => byte == read && naive(rest, left),
            (Some(_), None) => false,
        }
    }

    #[test]
    fn wildcards_mean_what_they_mean() {
        for (pattern, text) in [("", ""), ("*", ""), ("*", "a/b"), ("a*", "a"), ("a?c", "abc"), ("*b*", "abc")] {
            assert!(matches(pattern.as_bytes(), text.as_bytes()), "{pattern} {text}");
        }
        for (pattern, text) in [("", "a"), ("?", ""), ("a?", "a"), ("a*b", "abc"), ("A", "a"), ("a**b", "ac")] {
            assert!(!matches(pattern.as_bytes(), text.as_bytes()), "{pattern} {text}");
        }
    }

    #[test]
    fn the_worst_case_is_the_product_of_the_lengths() {
        // Everything that a `*` passes over begins like what follows it.
        let pattern = [b"*".repeat(3), b"a".repeat(500), b"b".to_vec()].concat();
        assert!(!matches(&pattern, &b"a".repeat(2048)));
        assert!(!matches(&b"a*".repeat(256), &b"a".repeat(255)));
        assert!(matches(&b"a*".repeat(256), &b"a".repeat(2048)));
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_definition(pattern in "[ab/*?]{0,9}", text in "[ab/?]{0,12}") {
            prop_assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), naive(pattern.as_bytes(), text.as_bytes()));
        }

        #[test]
        fn what_a_pattern_was_made_of_matches(text in "[ -~]{0,40}", holes in prop::collection::vec((0..41usize, any::<bool>()), 0..6)) {
            let mut pattern: Vec<Vec<u8>> = text.bytes().map(|byte| vec![if byte == b'*' { b'?' } else { byte }]).collect();
            for (at, star) in holes {
                if let Some(place) = pattern.get_mut(at) {
                    *place = if star { b"*".to_vec() } else { b"?".to_vec() };
                }
            }
            prop_assert!(matches(&pattern.concat(), text.as_bytes()));
        }
    }
}
