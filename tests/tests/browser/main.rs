//! Players of others in a real browser, from the edge's URLs to decoded frames, on every host. What they do runs once; the
//! tests judge parts of it.

mod browser;
mod cases;
mod outcome;
mod refusals;
mod report;
mod stage;
mod tables;

use std::{io::Write, sync::OnceLock};

use anyhow::Result;
use sluice_tests::runtime::EdgeHost;

use crate::{
    cases::{Carriage, Purpose},
    report::Report,
    stage::Stage,
};

/// What every host's run gave. The first test that asks runs it, and prints the tables.
fn report() -> &'static Report {
    static REPORT: OnceLock<Result<Report, String>> = OnceLock::new();
    let run = || -> Result<Report> {
        let report = tokio::runtime::Runtime::new()?.block_on(every_host())?;
        // Past the capture of the test harness, which hides what passing tests print.
        writeln!(std::io::stdout().lock(), "\n{}", tables::render(&report.rows))?;
        Ok(report)
    };
    let report = REPORT.get_or_init(|| run().map_err(|error| format!("{error:#}")));
    report.as_ref().unwrap_or_else(|error| panic!("{error}"))
}

async fn every_host() -> Result<Report> {
    let mut report = Report::default();
    for &host in EdgeHost::ALL {
        let browser = browser::Browser::start().await?;
        let stage = Stage::start(host, browser.origin()).await?;
        let cases = cases::all(&stage).await?;
        let outcomes = browser.run(&cases).await?;
        report.add(host, cases, outcomes);
        report.traps.extend(stage.stack.edge.traps().into_iter().map(|trap| format!("{}: {trap}", host.as_str())));
        for other in stage.others {
            let name = format!("{}, {}", host.as_str(), other.what);
            report.traps.extend(other.stack.edge.traps().into_iter().map(|trap| format!("{name}: {trap}")));
            other.stack.shutdown().await;
        }
        stage.stack.shutdown().await;
        let page = sluice_tests::demo::check_page(host).await;
        report.pages.push((host, page.map_err(|error| format!("{error:#}"))));
    }
    Ok(report)
}

#[test]
fn every_player_plays_by_handle() {
    report()
        .assert_good(|case| case.purpose == Purpose::Play && case.carriage == Carriage::Handle && case.what.is_empty());
}

#[test]
fn every_codec_plays_and_by_byte_ranges_and_with_changing_keys() {
    report().assert_good(|case| case.purpose == Purpose::Play && !case.what.is_empty());
}

#[test]
fn every_player_plays_by_cookie_from_another_site() {
    report().assert_good(|case| case.purpose == Purpose::Play && case.carriage == Carriage::Cookie);
}

#[test]
fn another_key_shows_no_picture() {
    report().assert_good(|case| case.purpose == Purpose::NoPicture);
}

#[test]
fn what_is_refused_plays_nothing_and_the_player_is_told_why() {
    report().assert_good(|case| case.purpose == Purpose::Refusal);
}

#[test]
fn the_demos_page_does_what_its_buttons_say() {
    for (host, page) in &report().pages {
        assert!(page.is_ok(), "{}: {}", host.as_str(), page.as_ref().unwrap_err());
    }
}

#[test]
fn players_make_no_edge_fail() {
    assert_eq!(report().traps, Vec::<String>::new());
}
