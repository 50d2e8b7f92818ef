use std::fs;

use anyhow::{Context, Result, ensure};

use super::{
    figure::Group,
    load::Object,
    measures::{Lack, Measure, Measures},
    media,
    nginx::Nginx,
    process::cpu_time,
    stage::{SEGMENT, Stage},
};
use crate::runtime::EdgeHost;

/// Requests between two looks at the CPU time.
const REQUESTS: usize = 48;
/// How many of a body's runs make a round here, where one takes seconds.
const RUNS_A_ROUND: usize = 4;

/// What every edge is asked for.
const DELIVERIES: [&str; 3] = ["cbcs", "cenc", "clear"];
const SENDFILE: &str = "nginx_sendfile";
const READ: &str = "nginx_read";
/// The better of the two.
const NGINX: &str = "nginx";

/// A way to serve the segment.
struct Subject {
    name: String,
    process: u32,
    object: Object,
}

/// Measures what a whole segment costs each server, all of them in turn.
pub(super) async fn measure(runs: usize, into: &mut Measures) -> Result<()> {
    let stage = Stage::start(&tokio::task::spawn_blocking(media::media).await??).await?;
    let clear = fs::read(stage.clear().join(SEGMENT)).context("the clear segment")?;
    let mut subjects = Vec::new();
    let mut edges = Vec::new();
    for &host in EdgeHost::ALL {
        let edge = tokio::task::block_in_place(|| stage.edge(host))?;
        for delivery in DELIVERIES {
            let object = stage.object(&edge, delivery).await?;
            subjects.push(Subject { name: format!("{}_{delivery}", host.as_str()), process: edge.id(), object });
        }
        edges.push(edge);
    }
    let nginx = match Nginx::start(&stage.clear()) {
        Ok(nginx) => Some(nginx),
        Err(error) => {
            let lack = error.downcast::<Lack>()?;
            [SENDFILE, READ, NGINX].into_iter().for_each(|name| into.lack(name, &lack));
            None
        }
    };
    if let Some(nginx) = &nginx {
        for (name, address) in [(SENDFILE, nginx.sendfile), (READ, nginx.read)] {
            let object = Object { address, target: format!("/{SEGMENT}"), cookie: None };
            subjects.push(Subject { name: name.to_owned(), process: nginx.id(), object });
        }
    }

    for subject in &subjects {
        let body = subject.object.body().await.with_context(|| subject.name.clone())?;
        let protected = ["cbcs", "cenc"].iter().any(|scheme| subject.name.ends_with(scheme));
        ensure!((body != clear) == protected, "{}: not the bytes that are to be measured", subject.name);
    }
    let mut taken: Vec<Vec<Measure>> = subjects.iter().map(|_| Vec::new()).collect();
    for round in 0..=runs.div_ceil(RUNS_A_ROUND) {
        for (subject, taken) in subjects.iter().zip(&mut taken) {
            let measure = subject.run().await.with_context(|| subject.name.clone())?;
            // The first round warms up.
            if round > 0 {
                taken.push(measure);
            }
        }
    }
    for (subject, taken) in subjects.iter().zip(taken) {
        into.add(subject.name.clone(), median(taken).context("a round")?);
    }
    if nginx.is_some() {
        for name in [SENDFILE, READ] {
            let measure = into.find(Group::Servers, name).map_err(anyhow::Error::msg)?;
            into.add(NGINX, measure);
        }
    }
    edges.into_iter().try_for_each(|edge| edge.end())
}

/// What half of the rounds are no better than. CPU time is not what other work takes from a server but how well requests happen to fall together,
/// which errs to both sides.
fn median(mut taken: Vec<Measure>) -> Option<Measure> {
    taken.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
    taken.get(taken.len() / 2).copied()
}

impl Subject {
    /// User and system time of a request, once for all of a round.
    async fn run(&self) -> Result<Measure> {
        let before = cpu_time(self.process)?;
        let bytes = self.object.load(REQUESTS).await?;
        let spent = cpu_time(self.process)?.saturating_sub(before);
        let requests = Object::requests(REQUESTS);
        Ok(Measure { seconds: spent.as_secs_f64() / requests as f64, bytes: bytes / requests as u64 })
    }
}
