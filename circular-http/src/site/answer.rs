//! Responses as any server takes them, and the little that is read of a request's body.

use std::borrow::Cow;
use std::future::poll_fn;
use std::mem;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use http_body::{Frame, SizeHint};
use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::header::{self, HeaderValue};

use crate::site::page::File;
use crate::viewer::gzip::Gzip;
use crate::viewer::viewers::{LogBody, Stalled};

pub(crate) type Response = hyper::Response<Body>;

/// What is sent behind a response's head.
pub(crate) enum Body {
    /// It is there already.
    Whole(Bytes),
    /// It comes as the log does.
    Log(LogBody, Pace),
    /// The same, compressed.
    Zipped(Box<Gzip<LogBody>>),
    /// What a `HEAD` does not get: of what a `GET` would get, the length is not known.
    OfAnyLength(Pace),
}

/// How a log is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// It comes to its end by itself.
    Finite,
    /// It is followed, or read event by event: what there is is to come at once.
    Live,
}

/// A response of that kind.
pub(crate) fn of(status: StatusCode, content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static(content_type);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, content_type);
    response
}

/// A response of one or more lines of text, which end with an end of line.
pub(crate) fn text(status: StatusCode, text: impl Into<String>) -> Response {
    of(status, "text/plain; charset=utf-8", text.into().into())
}

/// A response that is `file`, which may do what `policy` says.
pub(crate) fn file(status: StatusCode, file: File, policy: &'static str) -> Response {
    let mut response = of(status, file.content_type, file.text.into());
    response.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(policy),
    );
    response
}

/// Sends a client elsewhere, to get what is there. `location` is relative, as a proxy may have put a prefix before the
/// path.
pub(crate) fn see(location: &str) -> Response {
    let mut response = text(StatusCode::SEE_OTHER, "");
    lead(&mut response, location);
    response
}

/// Says where something else is.
pub(crate) fn lead(response: &mut Response, location: &str) {
    // All that a query may hold, a header may.
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
}

/// Says which methods there are.
pub(crate) fn not_allowed(methods: &'static str) -> Response {
    let reason = format!("here only {methods} can be used\n");
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, reason);
    let headers = response.headers_mut();
    headers.insert(header::ALLOW, HeaderValue::from_static(methods));
    response
}

/// Reads a body to its end; `None` if it breaks off or is longer than `limit` bytes.
pub(crate) async fn read<B>(body: B, limit: usize) -> Option<Vec<u8>>
where
    B: http_body::Body<Data = Bytes>,
{
    let mut body = pin!(body);
    let mut all = Vec::new();
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let Ok(data) = frame.ok()?.into_data() else {
            continue;
        };
        if data.len() > limit - all.len() {
            return None;
        }
        all.extend_from_slice(&data);
    }
    Some(all)
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Self::Whole(text.into())
    }
}

impl From<Cow<'static, str>> for Body {
    fn from(text: Cow<'static, str>) -> Self {
        Self::Whole(match text {
            Cow::Borrowed(text) => Bytes::from_static(text.as_bytes()),
            Cow::Owned(text) => text.into(),
        })
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Stalled;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Stalled>>> {
        match self.get_mut() {
            Self::Whole(text) if text.is_empty() => Poll::Ready(None),
            Self::Whole(text) => Poll::Ready(Some(Ok(Frame::data(mem::take(text))))),
            Self::Log(log, _) => Pin::new(log).poll_frame(context),
            Self::Zipped(zipped) => Pin::new(zipped).poll_frame(context),
            Self::OfAnyLength(_) => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(text) if text.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(text) => SizeHint::with_exact(text.len() as u64),
            Self::Log(..) | Self::Zipped(_) | Self::OfAnyLength(_) => SizeHint::default(),
        }
    }
}
