//! What viewers ask for, each as the edge does it.

use sluice_gate::{
    AccountId, SessionId,
    lease::Lease,
    session::{self, Refused, Renewal, SessionRecord, Store},
};

use crate::{mutants::Mutation, scenario::Scenario, task::Wire};

/// The one account that everybody fights for.
pub(crate) const ACCOUNT: AccountId = AccountId([7; 16]);
/// For how long a session may go on at most, in seconds.
const SESSION: u64 = 600;

/// What a request came to.
pub(crate) enum Done {
    Minted(Box<SessionRecord>),
    /// A lease was shown: the session's, as it goes back.
    Leased {
        session: SessionId,
        lease: Lease,
        extended: bool,
    },
    /// A handle was shown: until when the record vouches for it.
    Confirmed {
        session: SessionId,
        expires: u64,
        extended: bool,
        from_cache: bool,
    },
    /// Refused, failed, or ended.
    Nothing,
}

pub(crate) async fn mint<M: Mutation>(
    wire: Wire,
    scenario: Scenario,
    session: SessionId,
    device: u8,
    title: u8,
) -> Done {
    let now = wire.now();
    let (title, device) = (format!("t{title}"), format!("d{device}"));
    let mut record = SessionRecord::new(session, ACCOUNT, title, device, now, now + SESSION);
    match session::admit::<M, _>(&wire, &scenario.terms, scenario.limits, &mut record).await {
        Ok(_) => Done::Minted(Box::new(record)),
        Err(_) => Done::Nothing,
    }
}

/// A request with a lease: for media, which renews what is due, or for a renewal, which does so whenever it is asked for.
pub(crate) async fn lease<M: Mutation>(wire: Wire, scenario: Scenario, lease: Lease, asked: bool) -> Done {
    let now = wire.now();
    if now >= lease.expires {
        return Done::Nothing;
    }
    let Ok((record, extended)) = renewed::<M>(&wire, &scenario, &lease.session, now, asked).await else {
        return Done::Nothing;
    };
    let right = if M::LEASE_IS_WITHIN_RECORD { record.expires } else { u64::MAX };
    Done::Leased { session: lease.session, lease: lease.renewed(now, scenario.terms.life, right), extended }
}

/// A request with a handle; `kept` is what this point of presence keeps of an earlier look.
pub(crate) async fn handle<M: Mutation>(wire: Wire, scenario: Scenario, session: SessionId, kept: Option<u64>) -> Done {
    let now = wire.now();
    if let Some(expires) = kept
        && (now < expires || !M::CONFIRMATION_IS_WITHIN_RECORD)
    {
        return Done::Confirmed { session, expires: expires.max(now + 1), extended: false, from_cache: true };
    }
    match renewed::<M>(&wire, &scenario, &session, now, false).await {
        Ok((record, extended)) if now < record.expires => {
            Done::Confirmed { session, expires: record.expires, extended, from_cache: false }
        }
        _ => Done::Nothing,
    }
}

/// The session's record, renewed where it is due or asked for.
async fn renewed<M: Mutation>(
    wire: &Wire,
    scenario: &Scenario,
    session: &SessionId,
    now: u64,
    asked: bool,
) -> Result<(SessionRecord, bool), Refused> {
    let (mut record, generation) = session::load(wire, session).await?.ok_or(Refused::Ended)?;
    if !record.is_live(now) {
        return Err(Refused::Ended);
    }
    let mut extended = false;
    if asked || record.due_for_renewal(now) {
        let limit = scenario.limits.title;
        let renewal = session::renew::<M, _>(wire, &scenario.terms, limit, &mut record, generation).await;
        extended = match renewal {
            Ok(renewal) => renewal == Renewal::Extended,
            // The session goes on by the record that it has.
            Err(Refused::Store(_)) => false,
            Err(refused) => return Err(refused),
        };
    }
    Ok((record, extended))
}

/// The viewer ends a session.
pub(crate) async fn end<M: Mutation>(wire: Wire, scenario: Scenario, session: SessionId) -> Done {
    if let Ok(Some((mut record, _))) = session::load(&wire, &session).await {
        let _ = session::end::<M, _>(&wire, &scenario.terms, &mut record, "viewer").await;
    }
    Done::Nothing
}
