//! The matrix: every codec in every layout, in both schemes, before every judge.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    io::Write as _,
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use sluice_origin::protect::{Engine, Native, wasm::Embedded};
use sluice_packager::{cenc::InitProtection, keys::Kid, title::Scheme};

use sluice_tests::table::{Align::Left, Table};

use crate::{
    corpus::{self, CODECS, Clip},
    holes::{HOLES, Hole},
    judge::{self, JUDGES, Row, SCHEMES},
    layouts::{boxes::leaves, catalogue::REFUSED},
    process::ffmpeg_packets,
    runtime::component,
};

/// Every row; `Err((codec, layout))` where the layout cannot carry the codec.
type Rows = Vec<Result<Row, (&'static str, &'static str)>>;

/// The first test that asks judges all, and prints the matrix.
fn rows() -> &'static Rows {
    static ROWS: OnceLock<Rows> = OnceLock::new();
    ROWS.get_or_init(|| {
        let rows = judged(&corpus::clips());
        // Past the capture of the test harness, which hides what passing tests print.
        writeln!(std::io::stdout().lock(), "\n{}", render(&rows)).expect("standard output");
        rows
    })
}

fn judged(clips: &[Clip]) -> Rows {
    let wasm = Mutex::new(Embedded::load(component()).expect("loads"));
    let packets: Vec<String> = clips
        .iter()
        .map(|clip| {
            let dash = clip.cases[0].1.as_ref().expect("ffmpeg's dash muxer carries every codec");
            ffmpeg_packets(&dash.whole(), None).unwrap_or_else(|said| panic!("{said}"))
        })
        .collect();
    let all: Vec<_> = clips
        .iter()
        .zip(&packets)
        .flat_map(|(clip, packets)| clip.cases.iter().map(move |case| (clip, packets, case)))
        .collect();
    // By as many as there are cores: most of the time goes to other people's programs.
    let next = AtomicUsize::new(0);
    let rows: Mutex<Vec<_>> = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some((clip, packets, (layout, case))) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let row = match case {
                        Some(case) => Ok(judge::judge(clip, case, packets, &wasm)),
                        None => Err((clip.codec, *layout)),
                    };
                    rows.lock().expect("no judge panicked").push(row);
                }
            });
        }
    });
    let mut rows = rows.into_inner().expect("no judge panicked");
    let place = |row: &Result<Row, (&str, &str)>| {
        let (codec, layout) = of(row);
        let layout = clips[0].cases.iter().position(|case| case.0 == layout);
        (layout, CODECS.iter().position(|name| *name == codec))
    };
    rows.sort_by_key(place);
    rows
}

fn of<'a>(row: &Result<Row, (&'a str, &'a str)>) -> (&'a str, &'a str) {
    match row {
        Ok(row) => (row.codec, row.layout),
        Err(names) => *names,
    }
}

/// What the judges found of a row, by column.
fn columns(row: &Row) -> Vec<(String, &Result<(), String>)> {
    let clear = std::iter::once(("clear".to_owned(), &row.clear));
    let protected = SCHEMES.iter().zip(row.protected.iter().flatten()).flat_map(|(scheme, cells)| {
        JUDGES.iter().zip(cells).map(|(judge, cell)| (format!("{} {judge}", scheme.as_str()), cell))
    });
    clear.chain(protected).collect()
}

/// The hole that is expected there.
fn hole(codec: &str, layout: &str, column: &str) -> Option<&'static Hole> {
    HOLES.iter().find(|hole| {
        hole.layout == layout
            && (hole.column == column || column.ends_with(&format!(" {}", hole.column)))
            && (hole.codecs.is_empty() || hole.codecs.contains(&codec))
    })
}

/// By column, `clear` first; and why, where one is empty.
type Cells = ([String; 9], String);

/// The cells of a row, and the reasons of those that are empty.
fn cells(row: &Result<Row, (&'static str, &'static str)>) -> Cells {
    let (codec, layout) = of(row);
    let mut reasons = BTreeSet::new();
    let mut reason = |column: &str| {
        reasons.insert(hole(codec, layout, column).map_or("not known: a fault", |hole| hole.reason));
        "–".to_owned()
    };
    let mut cells = std::array::from_fn(|_| String::new());
    match row {
        Err(_) => drop(reason("carries")),
        Ok(row) => {
            for (cell, (column, found)) in cells.iter_mut().zip(columns(row)) {
                *cell = if found.is_ok() { "✓".to_owned() } else { reason(&column) };
            }
            if row.protected.is_none() {
                cells[1..].fill("refused".to_owned());
                reasons.extend(REFUSED.iter().filter(|how| how.name == layout).map(|how| how.reason));
            }
        }
    }
    (cells, reasons.into_iter().collect::<Vec<_>>().join("; "))
}

/// The matrix, with codecs that fare alike in one line.
fn render(rows: &Rows) -> String {
    let mut head = [("", Left); 12];
    head[0].0 = "layout";
    head[1].0 = "codecs";
    head[2].0 = "clear";
    for (column, name) in
        head[3..11].iter_mut().zip(["cenc: ffmpeg", "shaka", "wasm", "boxes", "cbcs: ffmpeg", "shaka", "wasm", "boxes"])
    {
        column.0 = name;
    }
    head[11].0 = "why not";
    let mut table = Table::new(head);
    let mut lines: Vec<(&str, Vec<&str>, Cells)> = Vec::new();
    for row in rows {
        let ((codec, layout), cells) = (of(row), cells(row));
        match lines.iter_mut().find(|line| line.0 == layout && line.2 == cells) {
            Some(line) => line.1.push(codec),
            None => lines.push((layout, vec![codec], cells)),
        }
    }
    for (layout, codecs, (cells, reason)) in lines {
        let codecs = if codecs.len() == CODECS.len() { "all".to_owned() } else { codecs.join(" ") };
        let mut line = std::array::from_fn(|_| String::new());
        line[0] = layout.to_owned();
        line[1] = codecs;
        line[2..11].clone_from_slice(&cells);
        line[11] = reason;
        table.row(line);
    }
    let judged: usize = rows.iter().flatten().map(|row| columns(row).len()).sum();
    format!("codecs: {}\n{table}{judged} cells\n", CODECS.join(" "))
}

#[test]
#[ignore = "needs ffmpeg and shaka-packager; run by cargo verify packager"]
fn every_hole_is_known_and_every_known_hole_is_one() {
    let mut wrong = String::new();
    for row in rows() {
        let (codec, layout) = of(row);
        let mut found = |column: &str, failed: Option<&str>| match (failed, hole(codec, layout, column)) {
            (Some(said), None) => writeln!(wrong, "{codec}, {layout}, {column}: {said}").expect("a string"),
            (None, Some(_)) => writeln!(wrong, "{codec}, {layout}, {column}: is no hole any more").expect("a string"),
            _ => {}
        };
        found("carries", row.is_err().then_some("the muxer made nothing"));
        for (column, result) in row.iter().flat_map(columns) {
            found(&column, result.as_ref().err().map(String::as_str));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
#[ignore = "needs ffmpeg and shaka-packager; run by cargo verify packager"]
fn the_matrix_is_the_documented_one() {
    let path = sluice_tests::toolchain::workspace().join("tests/corpus/MATRIX.md");
    let text = format!("{HEAD}```\n{}```\n", render(rows()));
    if std::env::var_os("SLUICE_WRITE_MATRIX").is_some() {
        std::fs::write(&path, &text).expect("the matrix can be written");
    }
    let documented = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        documented == text,
        "tests/corpus/MATRIX.md is another: run with SLUICE_WRITE_MATRIX=1, and read what changed"
    );
}

/// What stands before the matrix in the document.
const HEAD: &str = "# Every codec in every layout\n\n\
Written by `SLUICE_WRITE_MATRIX=1 cargo verify packager`, which also checks that it is still so.\n\n\
- Layouts that begin with a program's name are that program's, by `make.sh`; the others are written by hand around the same samples (`tests/layouts`).\n\
- *clear*: ffmpeg demuxes the clip's packets from the clear track in this layout.\n\
- *ffmpeg*: decrypts the protected track to the packets of the clear one, times included. *shaka*: shaka-packager decrypts it to the clip's samples.\n\
- *wasm*: the component in wasmtime gives the native bytes. *boxes*: every box but those that protection changes is as it was, byte for byte, and so is what `senc` leaves in the clear; no protected block is.\n\
- *refused*: with an error that names the box and where it begins.\n\n";

#[test]
#[ignore = "needs ffmpeg and shaka-packager; run by cargo verify packager"]
fn a_file_of_two_tracks_is_refused_by_the_second_ones_place() {
    let (init, _) = corpus::two_tracks();
    let second = leaves(&init).into_iter().filter(|leaf| leaf.is(b"trak")).nth(1).expect("a second track").start;
    let said = Native.init(&init, &InitProtection::derived(Scheme::Cenc, Kid([1; 16]))).expect_err("is refused");
    assert_eq!(said.to_string(), format!("trak at byte {second}: a second track; one track per file is supported"));
}
