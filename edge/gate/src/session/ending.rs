use super::{Family, Rules, SessionRecord, Store, StoreError, Terms, end_key, record, tenancy};
use crate::{SessionId, Unix};

/// Ends a session: says so in its record, and gives its slots back, in that order. One that was ended already gives back what it still has.
///
/// # Errors
/// As of the store. Then the session may be ended or not, and a slot may be held until it runs out: to be tried again.
pub async fn end<R: Rules, S: Store>(
    store: &S,
    terms: &Terms,
    record: &mut SessionRecord,
    reason: &str,
) -> Result<(), StoreError> {
    mark::<R, S>(store, terms, record, reason).await?;
    give_back::<R, S>(store, terms, record).await
}

/// Says that a session is ended, where its renewals look.
async fn mark<R: Rules, S: Store>(
    store: &S,
    terms: &Terms,
    record: &mut SessionRecord,
    reason: &str,
) -> Result<(), StoreError> {
    let now = store.now();
    record.end(now, reason);
    if terms.is_blind() && R::END_HAS_A_MARK {
        let keep = record.ends.saturating_sub(now).max(60);
        store.put(&end_key(&record.session), reason.as_bytes(), keep).await?;
    }
    record::put(store, record, now).await
}

/// Ends a session that makes room for another one.
pub(super) async fn end_other<R: Rules, S: Store>(
    store: &S,
    terms: &Terms,
    session: &SessionId,
    now: Unix,
) -> Result<(), StoreError> {
    match record::load(store, session).await? {
        Some((mut record, _)) if record.is_live(now) => {
            mark::<R, S>(store, terms, &mut record, "displaced").await?;
            // What cannot be given back runs out.
            let _ = give_back::<R, S>(store, terms, &record).await;
        }
        _ => {}
    }
    Ok(())
}

/// Gives back the slots that a record says its session has.
pub(super) async fn give_back<R: Rules, S: Store>(
    store: &S,
    terms: &Terms,
    record: &SessionRecord,
) -> Result<(), StoreError> {
    let keep = record.ends.saturating_sub(store.now());
    let entry = record.entry().key(record.slot);
    tenancy::release::<R, S>(store, terms, &entry, &record.session, keep).await?;
    if let Some(index) = record.title_slot {
        let key = Family::Title(&record.account, &record.title).key(index);
        tenancy::release::<R, S>(store, terms, &key, &record.session, keep).await?;
    }
    Ok(())
}
