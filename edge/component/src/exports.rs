use core::cell::RefCell;

use sluice_packager::cenc::{self, FragmentProtector, InitProtection, TrackConfig};

use crate::{
    bindings::exports::sluice::packager::protect::{
        Error, Finished, Guest, GuestProtector, IvSource, Protector, Scheme, SegmentPlan,
    },
    convert,
};

/// What the component exports.
pub(crate) struct Packager;

impl Guest for Packager {
    type Protector = Segment;

    fn protect_init(
        init: Vec<u8>,
        scheme: Scheme,
        kid: Vec<u8>,
        constant_iv: Option<Vec<u8>>,
    ) -> Result<Vec<u8>, Error> {
        let constant_iv = constant_iv.map(|iv| convert::sixteen("constant IV", &iv)).transpose()?;
        let protection = InitProtection::new(scheme.into(), convert::kid(&kid)?, constant_iv);
        cenc::protect_init(&init, &protection).map_err(|error| match error {
            cenc::Error::Iv { .. } => Error::Argument(error.to_string()),
            error => error.into(),
        })
    }

    fn sample_entry(init: Vec<u8>) -> Result<Vec<u8>, Error> {
        Ok(cenc::record_bytes(&init)?)
    }

    fn plan_segment(sample_entry: Vec<u8>, clear: Vec<u8>) -> Result<SegmentPlan, Error> {
        let config = TrackConfig::from_sample_entry(&sample_entry)?;
        Ok(cenc::plan_segment(&config, &clear)?.into())
    }
}

/// A segment on its way; none once it failed or ended.
pub(crate) struct Segment(RefCell<Option<FragmentProtector>>);

impl GuestProtector for Segment {
    fn open(sample_entry: Vec<u8>, ivs: IvSource, key: Vec<u8>, plan: Option<SegmentPlan>) -> Result<Protector, Error> {
        let key = convert::key(key)?;
        let config = TrackConfig::from_sample_entry(&sample_entry)?;
        let (entries, decode_time) =
            plan.map_or_else(Default::default, |plan| (convert::entries(&plan.fragments), Some(plan.decode_time)));
        let protector = FragmentProtector::new(config, convert::iv_source(ivs)?, &key, entries, decode_time);
        Ok(Protector::new(Self(RefCell::new(Some(protector)))))
    }

    fn push(&self, clear: Vec<u8>) -> Result<Vec<u8>, Error> {
        let mut slot = self.0.borrow_mut();
        let mut protector = slot.take().ok_or_else(failed)?;
        let mut out = Vec::new();
        protector.push(&clear, &mut out)?;
        *slot = Some(protector);
        Ok(out)
    }

    fn finish(protector: Protector) -> Result<Finished, Error> {
        let protector = protector.into_inner::<Self>().0.into_inner().ok_or_else(failed)?;
        let samples = protector.samples();
        protector.finish()?;
        Ok(Finished { bytes: Vec::new(), samples })
    }
}

fn failed() -> Error {
    Error::Argument("protector: it has failed before".to_owned())
}
