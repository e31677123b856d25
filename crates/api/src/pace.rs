//! A request that arrives too slowly is cut off: whoever dribbles bytes holds a connection for nothing.

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use futures_util::StreamExt;
use futures_util::stream::unfold;
use std::io::ErrorKind;
use std::time::{Duration, Instant};

/// What each byte adds to the time that is left: 1 kB/s may last for ever.
const PER_BYTE: Duration = Duration::from_millis(1);

/// The same body, whose sender may keep us waiting for so long in all; what arrives earns more. The time that we take
/// ourselves, to store what has arrived, does not count.
pub fn paced(payload: Payload, patience: Duration) -> Payload {
    if matches!(payload, Payload::None) {
        return payload;
    }
    let stream = unfold(Some((payload, patience)), move |state| async move {
        let (mut payload, left) = state?;
        let since = Instant::now();
        match tokio::time::timeout(left, payload.next()).await {
            Err(_) => Some((Err(PayloadError::Io(ErrorKind::TimedOut.into())), None)),
            Ok(Some(Ok(bytes))) => {
                let earned = PER_BYTE.saturating_mul(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
                let left = (left.saturating_sub(since.elapsed()) + earned).min(patience);
                Some((Ok(bytes), Some((payload, left))))
            }
            Ok(Some(Err(error))) => Some((Err(error), None)),
            Ok(None) => None,
        }
    });
    // Whoever reads a form may ask once more after the end.
    Payload::Stream { payload: Box::pin(stream.fuse()) }
}

pub fn timed_out(error: &PayloadError) -> bool {
    matches!(error, PayloadError::Io(e) if e.kind() == ErrorKind::TimedOut)
}
