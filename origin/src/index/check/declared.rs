use anyhow::bail;

use crate::index::source::Piece;

/// Whether a manifest's duration of a segment is that of the media: within a tenth and half a second; of a nominal one, within half (ISO/IEC 23009-1,
/// 7.2.1), the last segment of all being as short as it likes. Tools declare times of presentation, which edit lists and reordering move by frames.
///
/// # Errors
/// Where it is not.
pub(in crate::index) fn agrees(piece: &Piece, ticks: u64, timescale: u32, last: bool) -> anyhow::Result<()> {
    let Some(declared) = piece.declared() else { return Ok(()) };
    let seconds = ticks as f64 / f64::from(timescale.max(1));
    let (wanted, nominal) = (declared.seconds, declared.nominal);
    let tolerance = if nominal { 0.5 * wanted + 0.5 } else { (0.1 * wanted).max(0.5) };
    let shorter = last && nominal && seconds <= wanted;
    if (seconds - wanted).abs() <= tolerance || shorter {
        return Ok(());
    }
    bail!(
        "{}: the segment at byte {} lasts {seconds:.3} s, the manifest says {wanted:.3} s: manifest and media are not of one run of the packager",
        piece.display(),
        piece.start()
    )
}
