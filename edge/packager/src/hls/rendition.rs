use crate::{
    manifest::language,
    title::{Role, Track},
};

/// By what players choose one of a group's renditions without being asked: no two that they may choose are alike in it (rfc8216bis, 4.4.6.1.1).
#[derive(PartialEq, Eq)]
struct Choice<'d> {
    language: Option<&'d str>,
    forced: bool,
    characteristics: Option<&'static str>,
}

impl<'d> Choice<'d> {
    fn of(track: &'d Track) -> Self {
        Self {
            language: language(track),
            forced: is_forced(track),
            characteristics: track.role.and_then(Role::characteristics),
        }
    }
}

/// Whether the text is shown unasked.
pub(super) fn is_forced(track: &Track) -> bool {
    track.role == Some(Role::ForcedSubtitle)
}

/// The place of a group's default among its members: one at most.
pub(super) fn default(members: &[&Track]) -> Option<usize> {
    members.iter().position(|track| track.default)
}

/// Whether players may choose the member at `at` without being asked: the default, and of each other choice the first.
pub(super) fn is_automatic(members: &[&Track], at: usize) -> bool {
    let default = default(members);
    let Some(track) = members.get(at) else { return false };
    if default == Some(at) {
        return true;
    }
    let alike = |other: &&Track| Choice::of(other) == Choice::of(track);
    let open = |other: &&Track| !other.role.is_some_and(Role::is_asked_for);
    let by_default = default.and_then(|at| members.get(at)).is_some_and(alike);
    let first = !members.iter().take(at).any(|other| open(other) && alike(other));
    open(track) && first && !by_default
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::fixture;

    #[test]
    fn of_alike_renditions_one_is_chosen_unasked_and_remarks_never() {
        let track = |language, role, default| Track { role, ..fixture::audio("a", language, "A", default) };
        let tracks = [
            track("en", Some(Role::Commentary), false),
            track("en", None, false),
            track("en", Some(Role::Description), false),
            track("en", Some(Role::Alternate), false),
            track("fr", Some(Role::Dub), true),
            track("fr", None, false),
            track("fr", Some(Role::Description), false),
            track("de", Some(Role::Commentary), false),
        ];
        let members: Vec<&Track> = tracks.iter().collect();
        let automatic: Vec<_> = (0..members.len()).map(|at| is_automatic(&members, at)).collect();
        assert_eq!(automatic, [false, true, true, false, true, false, true, false]);
        assert_eq!(default(&members), Some(4));
        assert!(!is_automatic(&members, members.len()));
    }
}
