use sluice_gate::session::{Ordering, Rules, Sound};

use crate::world::{Report, Trace, run};

/// A set of rules, and those two that the edge keeps outside of the session's code.
pub trait Mutation: Rules + 'static {
    /// A renewed lease ends no later than the record, by which the slots were extended.
    const LEASE_IS_WITHIN_RECORD: bool = true;
    /// A handle's confirmation is kept no longer than the record's right lasts.
    const CONFIRMATION_IS_WITHIN_RECORD: bool = true;
}

impl Mutation for Sound {}

/// A rule taken away, and the modes in which that is to be noticed.
#[derive(Clone, Copy)]
pub struct Mutant {
    /// The rule.
    pub rule: &'static str,
    /// Where it matters.
    pub modes: &'static [Ordering],
    /// The seed from which to look for a schedule that shows it, where those are rare.
    pub from: u64,
    /// Plays a schedule without it.
    pub run: fn(Ordering, u64, Option<Trace<'_>>) -> Report,
}

const ALL: &[Ordering] = &[Ordering::Strict, Ordering::Generation, Ordering::Eventual];
const COMPARED: &[Ordering] = &[Ordering::Strict, Ordering::Generation];
const BLIND: &[Ordering] = &[Ordering::Eventual];

macro_rules! mutants {
    (rules { $($name:ident: $rule:ident in $modes:ident $(from $from:literal)?;)* } edge { $($outer:ident: $outer_rule:ident in $outer_modes:ident;)* }) => {
        $(
            struct $name;
            impl Rules for $name { const $rule: bool = false; }
            impl Mutation for $name {}
        )*
        $(
            struct $outer;
            impl Rules for $outer {}
            impl Mutation for $outer { const $outer_rule: bool = false; }
        )*

        /// Every rule, taken away alone.
        pub fn mutants() -> Vec<Mutant> {
            vec![
                $(Mutant { rule: stringify!($rule), modes: $modes, from: 0 $(+ $from)?, run: run::<$name> },)*
                $(Mutant { rule: stringify!($outer_rule), modes: $outer_modes, from: 0, run: run::<$outer> },)*
            ]
        }
    };
}

mutants! {
    rules {
        Blind: WRITES_ARE_COMPARED in COMPARED;
        Overtaken: OVERTAKEN_WRITES_ARE_DECIDED_AGAIN in COMPARED;
        Anywhere: INDEX_IS_BELOW_LIMIT in COMPARED;
        NoSkew: SKEW_IS_WAITED_FOR in COMPARED;
        Anybodys: HOLDER_IS_CHECKED in ALL;
        RunOut: RUN_OUT_IS_CLAIMED_AGAIN in BLIND;
        TakenBack: RIGHTS_ARE_NOT_TAKEN_BACK in COMPARED;
        RecordFirst: SLOTS_COME_FIRST in COMPARED;
        Unprovisional: FIRST_RIGHT_IS_PROVISIONAL in BLIND;
        Unsettled: CLAIMS_SETTLE in BLIND;
        Hasty: EXTENSIONS_ARE_WAITED_FOR in BLIND;
        Outdated: OLD_READINGS_ARE_READ_AGAIN in BLIND from 50_000;
        Unmarked: END_HAS_A_MARK in BLIND;
    }
    edge {
        LongLease: LEASE_IS_WITHIN_RECORD in BLIND;
        LongConfirmation: CONFIRMATION_IS_WITHIN_RECORD in ALL;
    }
}
