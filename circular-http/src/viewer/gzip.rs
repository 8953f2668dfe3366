//! A response's body, compressed piece by piece as it is sent.
//!
//! Invariants: what is held for it is the state of one compression, some 400 KB, however long the body is. Whatever
//! has come is sent before more is waited for. A body that breaks off gets no end, so that nobody takes it for whole.
//!
//! The state goes with the body: on a connection that is somebody else's, that may be a while after the viewer's
//! stream was let go of.

use std::io::Write as _;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use flate2::Compression;
use flate2::write::GzEncoder;
use http_body::{Body, Frame};
use hyper::body::Bytes;

use crate::viewer::turn::{Turn, come_back};

/// How hard it is tried: logs get shorter by much even so, and who looks has little of the program's time.
const LEVEL: Compression = Compression::fast();

/// Compresses a text that is there already.
pub(crate) fn whole(text: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), LEVEL);
    push(&mut encoder, text);
    end(encoder)
}

/// Writing to memory does not fail, here and below.
fn push(encoder: &mut GzEncoder<Vec<u8>>, text: &[u8]) {
    let _ = encoder.write_all(text);
}

fn end(encoder: GzEncoder<Vec<u8>>) -> Bytes {
    encoder.finish().unwrap_or_default().into()
}

/// Compresses another body.
pub(crate) struct Gzip<B> {
    body: B,
    /// `None` when the body has ended, one way or the other.
    encoder: Option<GzEncoder<Vec<u8>>>,
    /// Something was taken in that has not all come out.
    has_unsent: bool,
    /// Since it last waited. What it makes is so much shorter than what it takes that a client's socket may have
    /// room for all of it: nothing else would make it let others have their turn.
    turn: Option<Turn>,
}

impl<B> Gzip<B> {
    pub(crate) fn new(body: B) -> Self {
        Self {
            body,
            encoder: Some(GzEncoder::new(Vec::new(), LEVEL)),
            has_unsent: false,
            turn: None,
        }
    }
}

impl<B> Body for Gzip<B>
where
    B: Body<Data = Bytes> + Unpin,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.get_mut();
        let turn = *this.turn.get_or_insert_with(Turn::of_search);
        let Some(encoder) = &mut this.encoder else {
            return Poll::Ready(None);
        };
        loop {
            if turn.is_over() {
                this.turn = None;
                come_back(context);
                return Poll::Pending;
            }
            match Pin::new(&mut this.body).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    // Ours have nothing else.
                    if let Ok(text) = frame.into_data() {
                        push(encoder, &text);
                        this.has_unsent = true;
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    this.encoder = None;
                    return Poll::Ready(Some(Err(error)));
                }
                Poll::Ready(None) => {
                    let rest = this.encoder.take().map(end);
                    return Poll::Ready(rest.map(|rest| Ok(Frame::data(rest))));
                }
                Poll::Pending => {
                    this.turn = None;
                    if !mem::take(&mut this.has_unsent) {
                        return Poll::Pending;
                    }
                    let _ = encoder.flush();
                }
            }
            let piece = mem::take(encoder.get_mut());
            if !piece.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(piece.into()))));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::collections::VecDeque;
    use std::convert::Infallible;
    use std::io::{self, Read};
    use std::task::Waker;

    use flate2::read::GzDecoder;
    use tokio::runtime;

    /// Gives what it has, in that order.
    struct Script(VecDeque<Poll<Result<Bytes, &'static str>>>);

    impl Body for Script {
        type Data = Bytes;
        type Error = &'static str;

        fn poll_frame(
            self: Pin<&mut Self>,
            _context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
            match self.get_mut().0.pop_front() {
                Some(polled) => polled.map(|piece| Some(piece.map(Frame::data))),
                None => Poll::Ready(None),
            }
        }
    }

    fn text(text: &'static str) -> Poll<Result<Bytes, &'static str>> {
        Poll::Ready(Ok(Bytes::from_static(text.as_bytes())))
    }

    fn gzip(script: Vec<Poll<Result<Bytes, &'static str>>>) -> Gzip<Script> {
        Gzip::new(Script(script.into()))
    }

    /// Takes what comes until it waits, ends or fails.
    fn take<B>(body: &mut Gzip<B>, taken: &mut Vec<u8>) -> Poll<Result<(), B::Error>>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let context = &mut Context::from_waker(Waker::noop());
        loop {
            match Pin::new(&mut *body).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => taken.extend(frame.into_data().unwrap()),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// What can be read of it, and whether that is all.
    fn read(zipped: &[u8]) -> (String, io::Result<()>) {
        let mut out = Vec::new();
        let end = GzDecoder::new(zipped).read_to_end(&mut out);
        (String::from_utf8(out).unwrap(), end.map(drop))
    }

    #[test]
    fn what_was_found_is_sent_before_more_is_waited_for() {
        // It waits, is asked once more when what there was has been sent, and waits again.
        let mut script = vec![text("one\n")];
        script.resize_with(4, || Poll::Pending);
        script.push(text("two\n"));
        let mut body = gzip(script);
        let mut taken = Vec::new();
        assert_eq!(take(&mut body, &mut taken), Poll::Pending);
        let (found, end) = read(&taken);
        assert_eq!(found, "one\n");
        assert!(end.is_err(), "it is not all");
        let length = taken.len();
        assert_eq!(take(&mut body, &mut taken), Poll::Pending);
        assert_eq!(taken.len(), length, "there was nothing more");
        assert_eq!(take(&mut body, &mut taken), Poll::Ready(Ok(())));
        let (found, end) = read(&taken);
        assert_eq!(found, "one\ntwo\n");
        assert!(end.is_ok(), "{end:?}");
    }

    #[test]
    fn what_breaks_off_has_no_end() {
        let mut body = gzip(vec![text("one\n"), Poll::Ready(Err("cut"))]);
        let mut taken = Vec::new();
        assert_eq!(take(&mut body, &mut taken), Poll::Ready(Err("cut")));
        assert_eq!(take(&mut body, &mut taken), Poll::Ready(Ok(())));
        let (_, end) = read(&taken);
        assert!(end.is_err(), "it looks whole");
    }

    #[test]
    fn nothing_is_compressed_as_nothing() {
        let mut taken = Vec::new();
        assert_eq!(take(&mut gzip(Vec::new()), &mut taken), Poll::Ready(Ok(())));
        let (found, end) = read(&taken);
        assert_eq!(found, "");
        assert!(end.is_ok(), "{end:?}");
        let (found, end) = read(&whole(b"some"));
        assert_eq!(found, "some");
        assert!(end.is_ok(), "{end:?}");
    }

    /// A log that never ends.
    struct Endless;

    impl Body for Endless {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 8 << 10])))))
        }
    }

    #[test]
    fn who_takes_all_at_once_lets_others_have_their_turn() {
        let runtime = runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut body = Gzip::new(Endless);
            for _ in 0..3 {
                // Or it does not come to an end.
                assert_eq!(take(&mut body, &mut Vec::new()), Poll::Pending);
            }
        });
    }
}
