use proptest::prelude::*;

use super::*;

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex")).collect()
}

/// RFC 8949, appendix A.
#[test]
fn the_examples_of_the_standard_read() {
    let text = |text: &'static str| Value::Text(text);
    let ints = |numbers: &[i64]| numbers.iter().copied().map(Value::Int).collect::<Vec<_>>();
    let examples: Vec<(&str, Value<'_>)> = vec![
        ("00", Value::Int(0)),
        ("1818", Value::Int(24)),
        ("1b000000e8d4a51000", Value::Int(1_000_000_000_000)),
        ("20", Value::Int(-1)),
        ("3903e7", Value::Int(-1000)),
        ("f90000", Value::Float(0.0)),
        ("f93c00", Value::Float(1.0)),
        ("fb3ff199999999999a", Value::Float(1.1)),
        ("f93e00", Value::Float(1.5)),
        ("f97bff", Value::Float(65504.0)),
        ("fa47c35000", Value::Float(100_000.0)),
        ("f90001", Value::Float(5.960_464_477_539_063e-8)),
        ("f90400", Value::Float(0.000_061_035_156_25)),
        ("f9c400", Value::Float(-4.0)),
        ("f97c00", Value::Float(f64::INFINITY)),
        ("f9fc00", Value::Float(f64::NEG_INFINITY)),
        ("f4", Value::Bool(false)),
        ("f6", Value::Null),
        ("f7", Value::Null),
        ("c11a514b67b0", Value::Tag(1, Box::new(Value::Int(1_363_896_240)))),
        ("4401020304", Value::Bytes(&[1, 2, 3, 4])),
        ("62c3bc", text("ü")),
        ("80", Value::Array(vec![])),
        ("83010203", Value::Array(ints(&[1, 2, 3]))),
        ("9f010203ff", Value::Array(ints(&[1, 2, 3]))),
        ("a0", Value::Map(vec![])),
        ("a201020304", Value::Map(vec![(Value::Int(1), Value::Int(2)), (Value::Int(3), Value::Int(4))])),
        ("bf6346756ef563416d7421ff", Value::Map(vec![(text("Fun"), Value::Bool(true)), (text("Amt"), Value::Int(-2))])),
        ("9fff", Value::Array(vec![])),
    ];
    for (bytes, value) in examples {
        assert_eq!(parse(&hex(bytes)), Some(value), "{bytes}");
    }
    assert!(matches!(parse(&hex("f97e00")), Some(Value::Float(number)) if number.is_nan()));
    // Arguments longer than they need be: RFC 8949, 4.2.1 asks for the shortest of nobody but those who say so.
    assert_eq!(parse(&hex("1900ff")), Some(Value::Int(255)));
    assert_eq!(parse(&hex("1b0000000000000001")), Some(Value::Int(1)));
}

#[test]
fn what_is_not_well_formed_or_not_bounded_is_none() {
    let bad = [
        "",
        "1f",
        "3f",
        "ff",
        "fc",
        "f8",
        "f800",
        "1c",
        "18",
        "19ff",
        "4401",
        "62c3",
        "62ffff",
        "8201",
        "a101",
        "a10102ff",
        "0000",
        "c1",
        "9f01",
        "bf01",
        "bf01ff",
        "7f6161ff",
        "5f4101ff",
        "f93c",
        "fa0000",
        "fb00",
        // Of more than 64 bits with sign.
        "1b8000000000000000",
        "3b8000000000000000",
        // A key twice: in one spelling, in two, of each kind.
        "a201020102",
        "a20102180103",
        "bf01020102ff",
        "a2616102616103",
        "a2410102410103",
        // Deeper.
        "81a201020103",
        // Keys of other kinds.
        "a1f501",
        "a1f601",
        "a18001",
        "a1a001",
        "a1f9000001",
        "a1c10101",
    ];
    for bytes in bad {
        assert_eq!(parse(&hex(bytes)), None, "{bytes}");
    }
    // Of one value and two kinds are two keys.
    assert!(parse(&hex("a30101416101616101")).is_some());
}

#[test]
fn what_claims_to_be_huge_or_deep_is_none_and_kept_nowhere() {
    for head in ["5b", "7b", "9b", "bb"] {
        for length in ["7fffffffffffffff", "ffffffffffffffff", "0000000100000000"] {
            assert_eq!(parse(&hex(&format!("{head}{length}00"))), None, "{head}{length}");
        }
    }
    for opening in ["81", "9f", "a100", "bf00", "c1", "d818"] {
        assert_eq!(parse(&hex(&opening.repeat(4000))), None, "{opening}");
    }
    let nested = |depth: usize| parse(&hex(&format!("{}00", "81".repeat(depth)))).is_some();
    assert!(nested(MAX_DEPTH) && !nested(MAX_DEPTH + 1));
    let items = |count: usize| parse(&hex(&format!("99{count:04x}{}", "00".repeat(count)))).is_some();
    assert!(items(MAX_ITEMS - 1) && !items(MAX_ITEMS));
    let entries = |count: usize| {
        let entries: String = (0..count).map(|key| format!("19{key:04x}00")).collect();
        parse(&hex(&format!("b9{count:04x}{entries}"))).is_some()
    };
    assert!(entries(MAX_ENTRIES) && !entries(MAX_ENTRIES + 1));
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        any::<i64>().prop_map(|number| Value::Int(number).to_vec()),
        any::<Vec<u8>>().prop_map(|bytes| Value::Bytes(&bytes).to_vec()),
        any::<String>().prop_map(|text| Value::Text(&text).to_vec()),
    ]
}

/// Encoded items.
fn item() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![key(), any::<bool>().prop_map(|value| Value::Bool(value).to_vec()), Just(vec![0xf6])];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|items| [
                vec![0x80 | items.len() as u8],
                items.concat()
            ]
            .concat()),
            prop::collection::btree_map(key(), inner.clone(), 0..5).prop_map(|map| {
                let entries: Vec<u8> =
                    map.iter().flat_map(|(key, value)| [key.clone(), value.clone()].concat()).collect();
                [vec![0xa0 | map.len() as u8], entries].concat()
            }),
            (0..24u8, inner).prop_map(|(tag, value)| [vec![0xc0 | tag], value].concat()),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_an_item_or_none(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Some(value) = parse(&bytes) {
            // What was read is written to be read the same; NaN alone is not equal to itself.
            let again = value.to_vec();
            prop_assert_eq!(parse(&again).map(|value| value.to_vec()), Some(again.clone()));
        }
    }

    #[test]
    fn items_in_preferred_form_are_written_as_they_came(bytes in item()) {
        let value = parse(&bytes).expect("an item");
        prop_assert_eq!(value.to_vec(), bytes);
    }
}
