//! Constant time, as far as it can be read off the WASM itself: which values decide where memory is accessed and what comes next.
//!
//! In the kernels and in the key schedule nothing does that was ever loaded from memory, so neither keys nor messages do: only constants, counters
//! of loops and arguments, which are pointers and the counter's last byte. What calls the kernels has its lengths and positions in memory, and decides
//! by these, but by nothing that comes out of a vector; and it addresses nothing by a byte, which is how a table would be looked up. There what is
//! stored and loaded again is not followed.
//!
//! This holds the compiler to the arguments that the kernels' modules make. Whether a machine's own instructions take the same time whatever they
//! are applied to is beyond it.

mod decision;
mod flow;

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use sluice_tests::wasm_build;
use wasmparser::{
    FuncToValidate, FunctionBody, KnownCustom, Name, Parser, Payload, ValidPayload, Validator, ValidatorResources,
};

use decision::{Decides, Origin, Traced};

/// By a part of their symbols: what works on keys, states and messages.
const KERNELS: [&str; 6] = [
    "simd5eight11EightBlocks7encrypt",
    "simd7counter11CounterMode5apply",
    "simd7counter11CounterMode6window",
    "simd4rows8repeated",
    // The key schedule.
    "cipher..simd..Simd$u20$as$u20$sluice_cipher..cipher..FragmentCipher$GT$3new",
    "simd..key_schedule..RoundKeys$u20$as$u20$core..ops..drop..Drop",
];
/// What else they call: copies and fills, of constant lengths.
const MOVES: [&str; 2] = ["memcpy", "memset"];
/// What calls them. Block by block and the round keys' other forms are compiled into it.
const CALLERS: [&str; 3] = [
    "cipher..simd..Simd$u20$as$u20$sluice_cipher..cipher..FragmentCipher$GT$7counter",
    "cipher..simd..Simd$u20$as$u20$sluice_cipher..cipher..FragmentCipher$GT$14encrypt_chains",
    "simd9keystream9Keystream4make",
];
/// Those of them that look up in tables.
const LOOK_UP: [&str; 2] = ["FragmentCipher$GT$3new", "FragmentCipher$GT$14encrypt_chains"];

#[test]
fn secrets_decide_neither_addresses_nor_branches() {
    let module = std::fs::read(wasm_build::perf_guest().expect("the guest builds")).expect("the module");
    let functions = traced(&module).expect("the module is understood");
    let function = |part: &&str| {
        let mut named = functions.iter().filter(|(name, _)| name.contains(*part));
        let found =
            named.next().unwrap_or_else(|| panic!("{part} is no function of its own in {:?}", functions.keys()));
        assert!(named.next().is_none(), "{part} names two functions");
        found
    };
    for (name, traced) in KERNELS.iter().map(function) {
        assert!(!traced.decisions.is_empty(), "{name} is empty");
        for decision in &traced.decisions {
            assert!(decision.origin == Origin::Public, "{name}: {decision}");
        }
        for called in &traced.calls {
            let known = KERNELS.iter().chain(&MOVES).any(|known| called.contains(known));
            assert!(known, "{name} calls {called}");
        }
    }
    for (name, traced) in CALLERS.iter().map(function) {
        assert!(!traced.decisions.is_empty(), "{name} is empty");
        for decision in &traced.decisions {
            let worst = match decision.decides {
                Decides::Branch => Origin::Byte,
                Decides::Address => Origin::Part,
            };
            assert!(decision.origin <= worst, "{name}: {decision}");
        }
    }
    for (name, traced) in LOOK_UP.iter().map(function) {
        assert!(traced.swizzles > 0, "{name} looks nothing up in registers");
    }
}

type Body<'a> = (FuncToValidate<ValidatorResources>, FunctionBody<'a>);

/// The functions of the vector kernels, by name, in the module that has them.
fn traced(component: &[u8]) -> Result<BTreeMap<String, Traced>> {
    let mut validator = Validator::new();
    let (mut bodies, mut traced) = (BTreeMap::new(), BTreeMap::new());
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload?;
        match &payload {
            Payload::ModuleSection { .. } => bodies.clear(),
            Payload::CustomSection(section) => {
                let KnownCustom::Name(subsections) = section.as_known() else { continue };
                for names in subsections {
                    if let Name::Function(names) = names? {
                        let names = names.into_iter().map(|naming| naming.map(|naming| (naming.index, naming.name)));
                        trace_named(&names.collect::<Result<_, _>>()?, &mut bodies, &mut traced)?;
                    }
                }
            }
            _ => {}
        }
        if let ValidPayload::Func(function, body) = validator.payload(&payload)? {
            bodies.insert(function.index, (function, body));
        }
    }
    Ok(traced)
}

fn trace_named(
    names: &BTreeMap<u32, &str>,
    bodies: &mut BTreeMap<u32, Body<'_>>,
    traced: &mut BTreeMap<String, Traced>,
) -> Result<()> {
    for (index, name) in
        names.iter().filter(|(_, name)| name.contains("cipher4simd") || name.contains("cipher..simd.."))
    {
        if let Some((function, body)) = bodies.remove(index) {
            let one = flow::trace(function, &body, names).with_context(|| (*name).to_owned())?;
            traced.insert((*name).to_owned(), one);
        }
    }
    Ok(())
}
