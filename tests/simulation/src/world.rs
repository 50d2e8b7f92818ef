//! A schedule: what happens, in which order, drawn from a seed.

use std::{cell::Cell, collections::HashMap, pin::Pin, rc::Rc};

use sluice_gate::{
    SessionId,
    session::{Ordering, Store, StoreError},
};

use crate::{
    POPS, SECOND, Tick,
    check::{Session, Violation},
    mutants::Mutation,
    random::Random,
    requests::{self, Done},
    scenario::Scenario,
    store::{Answer, Operation, Versions},
    task::{Task, Wire, clock},
};

/// Steps of a schedule.
const STEPS: usize = 120;
/// Requests in flight at a time.
const TASKS: usize = 6;

/// Is told every step of a schedule.
pub type Trace<'a> = &'a mut dyn FnMut(String);

/// What a schedule came to.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The first violation, where there is one.
    pub violation: Option<Violation>,
    /// Sessions that were admitted.
    pub admitted: u64,
    /// Renewals that extended a session.
    pub extended: u64,
    /// By how many the live sessions exceeded the limit at worst, whatever the mode allows.
    pub excess: usize,
}

pub(crate) struct World<'a> {
    pub(crate) scenario: Scenario,
    random: Random,
    pub(crate) now: Rc<Cell<Tick>>,
    store: Versions,
    tasks: Vec<Task>,
    pub(crate) sessions: Vec<Session>,
    /// Points of presence that the store cannot be reached from.
    cut_off: [bool; POPS],
    /// What each point of presence keeps of a confirmed handle: until when, and what the record said.
    pub(crate) kept: HashMap<(usize, SessionId), (u64, u64)>,
    pub(crate) report: Report,
    trace: Option<Trace<'a>>,
}

/// Plays the schedule of a seed under a mode. `trace` is told every step.
pub fn run<M: Mutation>(ordering: Ordering, seed: u64, trace: Option<Trace<'_>>) -> Report {
    let mut random = Random::new(seed);
    let scenario = Scenario::draw(ordering, &mut random);
    let mut world = World {
        scenario,
        random,
        now: Rc::new(Cell::new(0)),
        store: Versions::new(ordering, scenario.terms.staleness),
        tasks: Vec::new(),
        sessions: Vec::new(),
        cut_off: [false; POPS],
        kept: HashMap::new(),
        report: Report::default(),
        trace,
    };
    world.say(|_| format!("{scenario:?}"));
    for step in 0..STEPS {
        world.step::<M>();
        if let Some(what) = world.wrong() {
            world.say(|_| what.clone());
            world.report.violation = Some(Violation { what, step });
            break;
        }
    }
    world.report
}

impl World<'_> {
    pub(crate) fn say(&mut self, what: impl FnOnce(&Self) -> String) {
        if self.trace.is_some() {
            let line = format!("{:>6.1} {}", self.now.get() as f64 / SECOND as f64, what(self));
            if let Some(trace) = &mut self.trace {
                trace(line);
            }
        }
    }

    fn step<M: Mutation>(&mut self) {
        match self.random.below(100) {
            // Many requests get through at once, and some have others between any two of their steps.
            0..55 if !self.tasks.is_empty() => {
                let task = self.random.index(self.tasks.len());
                let served = self.random.of(if self.scenario.is_duel { &[1, 2] } else { &[1, 1, 2, 5, 40] });
                let tasks = self.tasks.len();
                for _ in 0..served {
                    self.serve(task);
                    if self.tasks.len() < tasks {
                        break;
                    }
                }
            }
            0..75 => self.pass(),
            75..96 => self.request::<M>(),
            96..98 if !self.tasks.is_empty() && !self.scenario.is_duel => {
                let task = self.random.index(self.tasks.len());
                self.tasks.swap_remove(task);
                self.say(|_| format!("task {task} dies"));
            }
            _ if self.scenario.faults > 0 => {
                let pop = self.random.index(POPS);
                self.cut_off[pop] = !self.cut_off[pop];
                self.say(|world| format!("pop {pop} is cut off: {}", world.cut_off[pop]));
            }
            _ => {}
        }
    }

    /// Lets time pass, most of the time little of it.
    fn pass(&mut self) {
        let terms = self.scenario.terms;
        let second = match self.random.below(if self.scenario.is_duel { 8 } else { 10 }) {
            0..4 => 0,
            4..7 => 1,
            7 => terms.settle(),
            8 => terms.life / 3 + 1,
            _ => terms.life + self.random.below(terms.skew + terms.pause + terms.settle() + 2),
        };
        let ticks = second * SECOND + self.random.below(SECOND);
        let until = self.aim().unwrap_or(self.now.get() + ticks);
        // An excess that begins to be one as a window closes is not to be jumped over.
        let window = self.scenario.window() * SECOND;
        let mut closes: Vec<Tick> = self.sessions.iter().map(|session| session.admitted + window + 1).collect();
        closes.retain(|close| window > 0 && self.now.get() < *close && *close < until);
        self.now.set(closes.iter().min().copied().unwrap_or(until));
        self.say(|_| "time passes".to_owned());
    }

    /// Now and then, a moment at which something just ends or is about to: a right, or the settling of a claim.
    fn aim(&mut self) -> Option<Tick> {
        if self.sessions.is_empty() || !self.random.percent(25) {
            return None;
        }
        let terms = self.scenario.terms;
        let at = self.random.index(self.sessions.len());
        let session = &self.sessions[at];
        let right = session.right.saturating_sub(clock(0, 0)) * SECOND;
        let moment = self.random.of(&[
            right,
            right + terms.skew * SECOND,
            session.admitted + terms.settle() * SECOND,
            session.admitted + (terms.settle() + terms.skew) * SECOND,
        ]);
        let fast = self.random.of(&self.scenario.fast);
        let around = (moment + self.random.below(2 * SECOND)).saturating_sub(SECOND + fast);
        (around > self.now.get()).then_some(around)
    }

    fn request<M: Mutation>(&mut self) {
        if self.tasks.len() >= TASKS {
            return;
        }
        let scenario = self.scenario;
        let pop = self.random.index(POPS);
        let wire = Wire::new(self.now.clone(), scenario.fast[pop]);
        let now = wire.now();
        let what = self.random.below(100);
        let device = self.random.below(scenario.devices.into()) as u8;
        let playing = self.sessions.iter().any(|session| session.device == device && session.right > now);
        if self.sessions.is_empty() || (what < 25 && !(scenario.is_duel && playing)) {
            let title = self.random.below(2) as u8;
            let mut id = [self.sessions.len() as u8; 16];
            id[0] = self.random.below(256) as u8;
            let id = SessionId(id);
            self.sessions.push(Session {
                id,
                device,
                title,
                lease: None,
                right: 0,
                admitted: self.now.get(),
                ended: None,
                displaced: [false; 2],
            });
            self.say(|_| format!("pop {pop} ({now}): d{device} asks for a session of t{title}: {id}"));
            let future = Box::pin(requests::mint::<M>(wire.clone(), scenario, id, device, title));
            self.start(pop, true, wire, future);
            return;
        }
        let at = self.random.index(self.sessions.len());
        let (id, lease) = (self.sessions[at].id, self.sessions[at].lease);
        let Some(lease) = lease else { return };
        if what < 30 && !scenario.is_duel {
            self.say(|_| format!("pop {pop} ({now}): {id} is to be ended"));
            self.start(pop, false, wire.clone(), Box::pin(requests::end::<M>(wire, scenario, id)));
        } else if what < 60 {
            let asked = what < 45 || scenario.is_duel;
            if !asked && !lease.due_for_renewal(now) {
                return;
            }
            self.say(|_| {
                format!("pop {pop} ({now}): {id} shows its lease to {}; to be renewed: {asked}", lease.expires)
            });
            self.start(pop, false, wire.clone(), Box::pin(requests::lease::<M>(wire, scenario, lease, asked)));
        } else {
            let kept = self.kept.get(&(pop, id)).filter(|(until, _)| now < *until).map(|(_, expires)| *expires);
            self.say(|_| format!("pop {pop} ({now}): {id} shows its handle; kept {kept:?}"));
            self.start(pop, false, wire.clone(), Box::pin(requests::handle::<M>(wire, scenario, id, kept)));
        }
    }

    fn start(&mut self, pop: usize, mints: bool, wire: Wire, future: Pin<Box<dyn Future<Output = Done>>>) {
        let mut task = Task::new(pop, mints, wire, future);
        match task.go_on(None) {
            Some(done) => self.done(pop, done),
            None => self.tasks.push(task),
        }
    }

    /// The store answers a request, which goes on.
    fn serve(&mut self, at: usize) {
        let (pop, mints) = (self.tasks[at].pop, self.tasks[at].mints);
        let Some((operation, sent)) = self.tasks[at].asked() else { return };
        let fault = self.cut_off[pop] || self.random.percent(self.scenario.faults);
        let answer = match &operation {
            Operation::Get { .. } if fault => Answer::Got(Err(StoreError::Unavailable)),
            Operation::Get { key } => Answer::Got(Ok(self.store.get(key, pop, self.now.get(), &mut self.random))),
            Operation::Put { .. } if self.cut_off[pop] || (fault && self.random.percent(30)) => {
                Answer::Put(Err(StoreError::Unavailable))
            }
            Operation::Put { .. } if fault && self.random.percent(50) => Answer::Put(Err(StoreError::Throttled)),
            Operation::Put { key, value, condition } => {
                let before = self.store.last(key).map(<[u8]>::to_vec);
                let made = self.store.put(key, value, *condition, sent, self.now.get(), &mut self.random);
                if made.is_ok() {
                    self.wrote(key, before.as_deref(), value, mints);
                }
                // Made, and nobody hears of it.
                Answer::Put(if fault { Err(StoreError::Unavailable) } else { made })
            }
        };
        self.say(|_| match (&operation, &answer) {
            (Operation::Get { key }, Answer::Got(Ok(got))) => {
                let text = got.as_ref().map(|stored| String::from_utf8_lossy(&stored.value).into_owned());
                format!("pop {pop} task {at} reads {key}: {}", text.unwrap_or_default())
            }
            (Operation::Put { key, value, condition }, Answer::Put(made)) => {
                format!("pop {pop} task {at} writes {key} {condition:?}: {made:?} {}", String::from_utf8_lossy(value))
            }
            (operation, answer) => format!("pop {pop} task {at}: {operation:?}: {answer:?}"),
        });
        if let Some(done) = self.tasks[at].go_on(Some(answer)) {
            self.tasks.swap_remove(at);
            self.done(pop, done);
        }
    }
}
