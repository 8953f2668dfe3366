//! A stream of records, beside that of bytes.

use crate::api::async_reader::AsyncReader;
use crate::error::Closed;
use crate::record::OwnedRecord;
use crate::record::missed::Missed;
use futures_core::Stream;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A `Stream` of records, made by [`AsyncReader::into_records`]. With the feature `futures`.
///
/// It ends when the ring is closed and everything was received. Where records were missed, there is
/// [`Lagged`] in their place, and it goes on. Dropping a call of `next` loses nothing: it is cancel safe.
#[must_use = "a reader that is dropped has left"]
pub struct RecordStream {
    reader: AsyncReader,
    /// Which record of the reader's batch comes next.
    next: usize,
}

impl AsyncReader {
    /// Returns a stream of the records themselves. The batch that was received last does not come again.
    ///
    /// With the feature `futures`.
    pub fn into_records(self) -> RecordStream {
        // What was received before does not come again.
        let next = self.batch().len();
        RecordStream { reader: self, next }
    }
}

impl Stream for RecordStream {
    type Item = Result<OwnedRecord, Lagged>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(record) = this.reader.batch().records().nth(this.next) {
                this.next += 1;
                return Poll::Ready(Some(Ok(record.to_owned())));
            }
            this.next = 0;
            match ready!(this.reader.poll_recv(context)) {
                Err(Closed) => return Poll::Ready(None),
                Ok(batch) if !batch.missed().is_empty() => {
                    let missed = batch.missed();
                    return Poll::Ready(Some(Err(Lagged { missed })));
                }
                Ok(_) => {}
            }
        }
    }
}

impl fmt::Debug for RecordStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordStream")
            .field("reader", &self.reader)
            .finish_non_exhaustive()
    }
}

/// Records were overwritten before the reader had read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lagged {
    /// How much was missed.
    pub missed: Missed,
}

impl fmt::Display for Lagged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.missed.fmt(f)
    }
}

impl std::error::Error for Lagged {}
