use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use futures::FutureExt;
use sluice_packager::keys::Kid;
use tokio::{
    sync::{Notify, Semaphore},
    time::{Instant, MissedTickBehavior},
};

use super::{
    Event, KeyError, Observer, Provider,
    counts::{Counts, count},
    held::Held,
    state::{Flight, State},
    traces::wipe,
    wanted::{Place, Wanted},
};
use crate::{config::KeysConfig, cpix::Answer, random, speke::SpekeError};

/// Most title versions, times deliveries, whose keys are held.
const MOST_HELD: usize = 10_000;
/// Most exchanges at a time that nobody waits for.
const AT_A_TIME: usize = 16;
/// How often it is looked what is due, and what is to leave the memory.
const TICK: Duration = Duration::from_secs(1);
/// The longest pause between exchanges that nobody waits for, while they fail.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What is held, and the exchanges by which it comes.
pub(super) struct Store {
    provider: Arc<dyn Provider>,
    name: String,
    observer: Arc<dyn Observer>,
    /// Age at which keys are to have been asked for again.
    life: Duration,
    /// Age at which they leave the memory.
    longest: Duration,
    /// After a failure.
    pause: Duration,
    states: Mutex<HashMap<Place, State>>,
    background: Semaphore,
    counts: Counts,
}

/// What a request can have.
enum Stand {
    Keys(Arc<Held>),
    Wait(Flight),
    Nothing(Arc<str>),
}

impl Store {
    /// Holds nothing yet. Needs a runtime, for its work in the background, which ends with it.
    pub(super) fn start(config: &KeysConfig, provider: Arc<dyn Provider>, observer: Arc<dyn Observer>) -> Arc<Self> {
        let store = Arc::new(Self {
            provider,
            name: config.provider_name(),
            observer,
            life: Duration::from_secs(config.refresh_seconds),
            longest: config.longest_hold(),
            pause: Duration::from_secs(config.backoff_seconds),
            states: Mutex::default(),
            background: Semaphore::new(AT_A_TIME),
            counts: Counts::default(),
        });
        tokio::spawn(keep(Arc::downgrade(&store)));
        store
    }

    pub(super) fn provider(&self) -> &str {
        &self.name
    }

    /// What is wanted, or as much of it as is held where the provider gives nothing.
    pub(super) async fn held(self: &Arc<Self>, wanted: &Wanted) -> Result<Arc<Held>, KeyError> {
        // An exchange that was under way may have been for fewer keys; the next is not.
        for _ in 0..2 {
            let stand = self.stand(wanted, Instant::now());
            match stand {
                Stand::Keys(held) => return Ok(held),
                Stand::Nothing(reason) => return Err(KeyError::Unavailable(reason.to_string())),
                Stand::Wait(flight) => {
                    if let Some(held) = flight.await.filter(|held| held.has_all(&wanted.request)) {
                        count(&self.counts.fresh);
                        return Ok(held);
                    }
                }
            }
        }
        self.settled(wanted, Instant::now())
    }

    pub(super) fn evict(&self) {
        self.states().clear();
    }

    pub(super) fn expose(&self, out: &mut String) {
        let held = self.states().values().filter(|state| state.held.is_some()).count();
        self.counts.expose(out, held);
    }

    /// How many deliveries of title versions are known.
    #[cfg(test)]
    pub(super) fn known(&self) -> usize {
        self.states().len()
    }

    fn states(&self) -> MutexGuard<'_, HashMap<Place, State>> {
        // Nothing panics while it is locked.
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What can be had now; begins an exchange where one is needed.
    fn stand(self: &Arc<Self>, wanted: &Wanted, now: Instant) -> Stand {
        let mut states = self.states();
        if !states.contains_key(&wanted.place) && states.len() >= MOST_HELD {
            self.make_room(&mut states);
        }
        let state = states.entry(wanted.place.clone()).or_insert_with(|| State::new(wanted, now));
        state.used = now;
        if state.wanted.request != wanted.request {
            state.wanted = wanted.clone();
        }
        self.expire(state, now);
        if let Some(held) = state.held.clone().filter(|held| held.has_all(&wanted.request)) {
            count(if now < held.at + self.life { &self.counts.fresh } else { &self.counts.stale });
            if now >= state.due && !state.rests(now) && !state.flies() {
                drop(self.begin(state, true));
            }
            return Stand::Keys(held);
        }
        if let Some(flight) = state.flight.as_ref().filter(|flight| flight.peek().is_none()) {
            state.awaited.notify_one();
            return Stand::Wait(flight.clone());
        }
        match state.resting.clone().filter(|(until, _)| now < *until) {
            Some((_, reason)) => self.partial(state, wanted).map_or(Stand::Nothing(reason), Stand::Keys),
            None => Stand::Wait(self.begin(state, false)),
        }
    }

    /// What there is when no exchange is waited for any more.
    fn settled(&self, wanted: &Wanted, now: Instant) -> Result<Arc<Held>, KeyError> {
        let mut states = self.states();
        let state = states.get_mut(&wanted.place);
        let failed = || KeyError::Unavailable("no exchange came to an end".to_owned());
        let state = state.ok_or_else(failed)?;
        self.expire(state, now);
        let reason = state.resting.as_ref().map(|(_, reason)| KeyError::Unavailable(reason.to_string()));
        self.partial(state, wanted).ok_or_else(|| reason.unwrap_or_else(failed))
    }

    /// As many of the wanted keys as are held, if any.
    fn partial(&self, state: &State, wanted: &Wanted) -> Option<Arc<Held>> {
        let held = state.held.clone().filter(|held| held.of_request(&wanted.request) > 0);
        count(if held.is_some() { &self.counts.partial } else { &self.counts.none });
        held
    }

    /// Begins an exchange, in a task of its own: it is not lost with the request that waits for it.
    fn begin(self: &Arc<Self>, state: &mut State, background: bool) -> Flight {
        state.awaited = Arc::default();
        let turn = background.then(|| Arc::clone(&state.awaited));
        let task = tokio::spawn(exchange(Arc::clone(self), state.wanted.clone(), turn));
        let flight = async move { task.await.ok().flatten() }.boxed().shared();
        state.flight = Some(flight.clone());
        flight
    }

    /// Keys that are too old leave the memory.
    fn expire(&self, state: &mut State, now: Instant) {
        if state.held.take_if(|held| now >= held.at + self.longest).is_some() {
            count(&self.counts.evicted);
            // From now on somebody waits: the provider is left alone no longer than that takes.
            if let Some((until, _)) = &mut state.resting {
                *until = (*until).min(now + self.pause);
            }
        }
    }

    /// Forgets what was used longest ago.
    fn make_room(&self, states: &mut HashMap<Place, State>) {
        let oldest = states.iter().min_by_key(|(_, state)| state.used).map(|(place, _)| place.clone());
        if let Some(place) = oldest
            && states.remove(&place).is_some_and(|state| state.held.is_some())
        {
            count(&self.counts.evicted);
        }
    }

    /// Takes what an exchange came to. With a frame of its own, which is wiped afterwards.
    #[inline(never)]
    fn settle(&self, wanted: &Wanted, outcome: Result<Answer, SpekeError>, took: Duration) -> Option<Arc<Held>> {
        let now = Instant::now();
        let failure = outcome.as_ref().err().map(ToString::to_string);
        let (mut gave, mut held, mut disputed) = (None, false, Vec::new());
        if let Some(state) = self.states().get_mut(&wanted.place) {
            state.flight = None;
            self.expire(state, now);
            match outcome {
                Ok(answer) => {
                    let (keys, changed) = Held::after(&answer, state.held.as_deref(), now);
                    gave = Some(Arc::new(keys));
                    state.held.clone_from(&gave);
                    (state.failures, state.resting) = (0, None);
                    // Between 3/4 and 9/10 of the life, so that titles do not go on asking at the same time.
                    state.due = now + self.life * (750 + dice() * 150 / 255) / 1000;
                    disputed = changed;
                }
                Err(error) => {
                    held = state.held.is_some();
                    let pause = if held { self.long_pause(state.failures) } else { self.pause };
                    state.failures = state.failures.saturating_add(1);
                    state.resting = Some((now + pause, error.to_string().into()));
                }
            }
        }
        let (title, delivery, kids) = (&*wanted.request.content_id, wanted.place.delivery, wanted.kids());
        count(if failure.is_some() { &self.counts.failed } else { &self.counts.exchanged });
        if let Some(reason) = &failure {
            tracing::error!(
                title,
                delivery = delivery.as_str(),
                provider = self.name,
                reason,
                held,
                "no keys from the provider"
            );
        }
        let failure = failure.as_deref();
        self.observer.observe(&Event::Exchange { title, delivery, kids: &kids, failure, held, took });
        if !disputed.is_empty() {
            disputed.iter().for_each(|_| count(&self.counts.changed));
            let kids: Vec<_> = disputed.iter().map(Kid::hex).collect();
            tracing::error!(
                title,
                delivery = delivery.as_str(),
                provider = self.name,
                kids = kids.join(","),
                "the provider gives other keys or signalling for key ids that are in use; they are not taken: index the title anew to have them"
            );
            self.observer.observe(&Event::Changed { title, delivery, kids: &disputed });
        }
        gave
    }

    /// After that many failures in a row, where nobody waits: doubles, and differs from title to title.
    fn long_pause(&self, failures: u32) -> Duration {
        let pause = self.pause.saturating_mul(1 << failures.min(6)).min(LONGEST_PAUSE.max(self.pause));
        pause * (128 + dice() / 2) / 255
    }

    /// One look at everything.
    fn tend(self: &Arc<Self>, now: Instant) {
        self.states().retain(|_, state| {
            self.expire(state, now);
            if let Some(held) = &state.held {
                // What nobody has asked for since is not asked for again.
                if now >= state.due && state.used >= held.at && !state.rests(now) && !state.flies() {
                    drop(self.begin(state, true));
                }
                return true;
            }
            state.flies() || state.rests(now)
        });
    }
}

/// One exchange. In the background it waits for its turn, or until `awaited` says that somebody waits for it.
async fn exchange(store: Arc<Store>, wanted: Wanted, awaited: Option<Arc<Notify>>) -> Option<Arc<Held>> {
    let _turn = match awaited {
        Some(awaited) => tokio::select! {
            biased;
            () = awaited.notified() => None,
            // It is never closed.
            turn = store.background.acquire() => turn.ok(),
        },
        None => None,
    };
    let began = Instant::now();
    let outcome = store.provider.fetch(&wanted.request).await;
    let gave = store.settle(&wanted, outcome, began.elapsed());
    wipe();
    gave
}

/// The service's work in the background, for as long as it is there.
async fn keep(store: Weak<Store>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(store) = store.upgrade() else { return };
        store.tend(Instant::now());
    }
}

/// Where between two times something happens. Without randomness all are of one mind.
fn dice() -> u32 {
    let [byte] = random::bytes();
    byte.into()
}
