/// The rules by which a limit holds. There is one set, [`Sound`]; the simulator makes others, with a rule less, to see that each is needed and
/// that it would notice.
pub trait Rules {
    /// A slot or a renewed record is written at the generation that it was read at, where the store has generations.
    const WRITES_ARE_COMPARED: bool = true;
    /// A write that was overtaken is decided again, by another reading.
    const OVERTAKEN_WRITES_ARE_DECIDED_AGAIN: bool = true;
    /// Only slots below the limit are taken.
    const INDEX_IS_BELOW_LIMIT: bool = true;
    /// A slot is held to its end and the skew of the clocks.
    const SKEW_IS_WAITED_FOR: bool = true;
    /// A renewal extends no slot but its own session's.
    const HOLDER_IS_CHECKED: bool = true;
    /// A slot that ran out is claimed again, not extended.
    const RUN_OUT_IS_CLAIMED_AGAIN: bool = true;
    /// A session that claims a slot again does not shorten what another request of it has extended.
    const RIGHTS_ARE_NOT_TAKEN_BACK: bool = true;
    /// No right is handed out before the slots are written.
    const SLOTS_COME_FIRST: bool = true;
    /// `Eventual`: the first right is for the provisional term.
    const FIRST_RIGHT_IS_PROVISIONAL: bool = true;
    /// `Eventual`: a claim is confirmed only by a reading after it has settled.
    const CLAIMS_SETTLE: bool = true;
    /// `Eventual`: others leave a slot alone until no extension of it can appear any more.
    const EXTENSIONS_ARE_WAITED_FOR: bool = true;
    /// `Eventual`: nothing is written by a reading that is older than δ.
    const OLD_READINGS_ARE_READ_AGAIN: bool = true;
    /// `Eventual`: a renewal looks for the mark of the session's end, which nobody overwrites.
    const END_HAS_A_MARK: bool = true;
}

/// All of the rules.
#[derive(Clone, Copy, Debug)]
pub struct Sound;

impl Rules for Sound {}
