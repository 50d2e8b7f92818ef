use anyhow::{Context, bail};

/// What the identifiers of a template stand for (ISO/IEC 23009-1, 5.3.9.4.4).
#[derive(Clone, Copy, Debug)]
pub(super) struct Names<'m> {
    pub(super) id: &'m str,
    pub(super) bandwidth: Option<u64>,
    /// Of the segment; `None` in an initialization segment's address.
    pub(super) number: Option<u64>,
    /// Of the segment, in the template's timescale.
    pub(super) time: Option<u64>,
}

/// Widest number that is written: a name of a file has 255 bytes at most.
const WIDEST: usize = 32;

/// Puts values for the identifiers of a template: `$RepresentationID$`, `$Bandwidth$`, `$Number%05d$`, `$Time$`, `$$`.
///
/// # Errors
/// An identifier that is not known, has no value there, or is not closed.
pub(super) fn expand(template: &str, names: &Names<'_>) -> anyhow::Result<String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let (identifier, after) =
            after.split_once('$').with_context(|| format!("its template {template:?} has a $ without another"))?;
        rest = after;
        let (name, format) =
            identifier.split_once('%').map_or((identifier, None), |(name, format)| (name, Some(format)));
        let value = match name {
            "" if format.is_none() => {
                out.push('$');
                continue;
            }
            "RepresentationID" if format.is_none() => {
                out.push_str(names.id);
                continue;
            }
            "Number" => names.number,
            "Time" => names.time,
            "Bandwidth" => names.bandwidth,
            _ => bail!("its template {template:?} has ${identifier}$, which is not supported"),
        };
        let value =
            value.with_context(|| format!("its template {template:?} has ${identifier}$, which has no value there"))?;
        let width = format.map_or(Some(1), |format| format.strip_suffix('d')?.strip_prefix('0')?.parse::<usize>().ok());
        let width = width.filter(|width| *width <= WIDEST);
        let width =
            width.with_context(|| format!("its template {template:?} has ${identifier}$: a width is written %05d"))?;
        out.push_str(&format!("{value:0width$}"));
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAMES: Names<'_> = Names { id: "v1", bandwidth: Some(800_000), number: Some(7), time: Some(180_000) };

    #[test]
    fn identifiers_are_replaced() {
        for (template, expanded) in [
            ("$RepresentationID$/$Number%05d$.m4s", "v1/00007.m4s"),
            ("seg-$Number$.m4s", "seg-7.m4s"),
            ("$Bandwidth$/$Time$.m4s", "800000/180000.m4s"),
            ("a$$b", "a$b"),
            ("plain.mp4", "plain.mp4"),
            ("$Number%02d$", "07"),
        ] {
            assert_eq!(expand(template, &NAMES).expect("a template"), expanded);
        }
        for bad in ["$Number", "$SubNumber$", "$Number%05x$", "$Number%5d$", "$Number%099d$", "$RepresentationID%01d$"]
        {
            assert!(expand(bad, &NAMES).is_err(), "{bad}");
        }
        let said = expand("$Number$", &Names { number: None, ..NAMES }).expect_err("no number").to_string();
        assert!(said.contains("no value there"), "{said}");
    }

    proptest! {
        #[test]
        fn any_template_ends_in_a_name_or_an_error(template in "[$%0-9dA-Za-z/]{0,40}|.{0,40}") {
            let _ = expand(&template, &NAMES);
        }
    }
}
