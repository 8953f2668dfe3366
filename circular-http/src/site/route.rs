//! What is answered to which request.
//!
//! Every request goes the same way: is it for us and from our own page, is there such an address, is it
//! the right method, has it the token, does it ask for something that we understand. The first "no" is
//! the answer.

use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use circular_core::{Colors, push_for_terminal};
use http_body::Body as _;
use hyper::body::Bytes;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, StatusCode, Version};

use crate::site::accept;
use crate::site::answer::{self, Body, Pace, Response, not_allowed, text};
use crate::site::compress;
use crate::site::counts;
use crate::site::guard;
use crate::site::options::Options;
use crate::site::page;
use crate::site::place::{Before, Place, last_name};
use crate::site::query::{self, Format, Query, Resume};
use crate::site::sign_in::{self, Asked, SignIn};
use crate::site::stats::{self, Numbers};
use crate::viewer::begin::{self, Begin, Span};
use crate::viewer::connection::Connection;
use crate::viewer::format::BodyWriter;
use crate::viewer::lane::Lane;
use crate::viewer::sources::{Shown, Sources};
use crate::viewer::stream::{Parts, Stream, is_wanted};
use crate::viewer::viewers::Viewers;

/// After how many seconds a client that found no place may ask again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// There is nothing to see in a forked child.
const FORKED: &str = "there is no log here: this process was forked from the one that made the ring, \
     which is dead in it: make the ring after the fork\n";

/// The log, of one ring or several, and who may see it.
#[derive(Debug)]
pub(crate) struct Site {
    sources: Sources,
    options: Options,
    /// `None` if it is for everybody.
    sign_in: Option<SignIn>,
    viewers: Arc<Viewers>,
}

impl Site {
    pub(crate) fn new(sources: Sources, options: Options) -> Arc<Self> {
        let viewers = Viewers::new(sources.clone(), options.viewers);
        for ending in &options.endings {
            ending.add(&viewers);
        }
        let sign_in = options.token.clone().map(SignIn::new);
        Arc::new(Self {
            sources,
            options,
            sign_in,
            viewers,
        })
    }

    pub(crate) fn viewers(&self) -> &Arc<Viewers> {
        &self.viewers
    }

    /// The path of the page, without a slash at its end: for `/` it is empty.
    pub(crate) fn base(&self) -> &str {
        self.options.path.trim_end_matches('/')
    }

    /// Answers a request, whatever it asks for. `asked` is its path as the client has it, if that is another
    /// one: the routes may be nested.
    pub(crate) async fn answer<B>(&self, request: Request<B>, asked: Option<&str>) -> Response
    where
        B: http_body::Body<Data = Bytes>,
    {
        let (request, body) = request.into_parts();
        let request = Request::from_parts(request, ());
        let response = self.reply(&request, body, asked).await;
        let mut response = compress::for_client(request.headers(), response);
        // The end of the connection will be the end of such a body, so hyper must not promise to keep it, which
        // it does for responses of 1.1.
        let is_old = request.version() < Version::HTTP_11;
        if is_old && response.body().size_hint().exact().is_none() {
            *response.version_mut() = Version::HTTP_10;
        }
        let headers = response.headers_mut();
        for (name, value) in [
            // Log text comes from anybody: a browser must not guess that it is a page.
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::CACHE_CONTROL, "no-store, no-transform"),
            // Not "no-referrer", with which a browser says of the form for the token that it is from
            // nowhere.
            (header::REFERRER_POLICY, "same-origin"),
            (header::CONTENT_SECURITY_POLICY, page::STRICT_POLICY),
        ] {
            headers
                .entry(name)
                .or_insert(HeaderValue::from_static(value));
        }
        for (name, value) in [
            // What a proxy gathers first is not live.
            ("x-accel-buffering", "no"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        response
    }

    async fn reply<B>(&self, request: &Request<()>, body: B, asked: Option<&str>) -> Response
    where
        B: http_body::Body<Data = Bytes>,
    {
        let (uri, headers) = (request.uri(), request.headers());
        if let Err(refusal) = guard::check(self.options.names(), uri, headers) {
            return text(StatusCode::FORBIDDEN, refusal.text());
        }
        // A log without a record looks the same, and locks may be held by threads that are not here.
        if self.sources.is_forked() {
            return text(StatusCode::SERVICE_UNAVAILABLE, FORKED);
        }
        let before = match asked {
            Some(_) => Before::Nothing,
            None => Before::Anything,
        };
        let place = Place::of(uri.path(), self.base(), before);
        let asked = Asked {
            path: asked.unwrap_or(uri.path()),
            query: uri.query(),
            host: guard::host(uri, headers).unwrap_or_default(),
            headers,
        };
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        let is_post = *request.method() == Method::POST;
        match (&place, &self.sign_in) {
            (Place::Nowhere, _) | (Place::SignOut, None) => {
                return self.nothing_here(asked.path, uri.path());
            }
            (Place::Log, Some(sign_in)) if is_post => return sign_in.sign_in(asked, body).await,
            (Place::Log, Some(_)) if !is_read => return not_allowed("GET, HEAD, POST"),
            (Place::SignOut, Some(sign_in)) if is_post => return sign_in.sign_out(asked),
            (Place::SignOut, Some(_)) => return not_allowed("POST"),
            _ if !is_read => return not_allowed("GET, HEAD"),
            _ => {}
        }
        if let Place::File(file) = place {
            return answer::file(StatusCode::OK, file, page::STRICT_POLICY);
        }
        if let Place::Top = place {
            return self.to_the_log(asked.query);
        }
        let sign_in = self.sign_in.as_ref();
        if sign_in.is_some_and(|sign_in| !sign_in.lets_in(asked)) {
            // Whatever else the query says is not even looked at.
            let query = asked.query.unwrap_or_default();
            return sign_in::ask(asked, wants_html(headers, query));
        }
        match place {
            Place::Stats => self.stats(headers, asked.query.unwrap_or_default()),
            Place::Counts => self.counts(asked.query.unwrap_or_default()).await,
            _ => self.log(request, asked).await,
        }
    }

    /// Leads from the top of a server of our own to the log, whatever a proxy has put before both.
    fn to_the_log(&self, query: Option<&str>) -> Response {
        let path = &self.options.path;
        let reason = format!("the log is at {path}\n");
        let mut response = text(StatusCode::TEMPORARY_REDIRECT, reason);
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        answer::lead(&mut response, &format!("{}{query}", &path[1..]));
        response
    }

    /// Says where there is something. `asked` is the client's path for `path`, which may have less before it.
    fn nothing_here(&self, asked: &str, path: &str) -> Response {
        let base = self.base();
        let below = path.strip_prefix(base).unwrap_or("/");
        // Where it is nested, with what is before it.
        let page = asked.strip_suffix(below).unwrap_or_default();
        let is_ours = !page.is_empty() && page.ends_with(base);
        let page = if is_ours { page } else { &self.options.path };
        // It may be a terminal that shows it.
        let mut shown = Vec::new();
        push_for_terminal(&mut shown, page.as_bytes(), Colors::Keep);
        let page = String::from_utf8_lossy(&shown);
        let reason = format!("there is nothing here: see {page}\n");
        text(StatusCode::NOT_FOUND, reason)
    }

    fn stats(&self, headers: &HeaderMap, query: &str) -> Response {
        const JSON: &str = "application/json";
        const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";
        let is_prometheus = match query::wants_prometheus(query) {
            Ok(wanted) => wanted,
            Err(error) => return text(StatusCode::BAD_REQUEST, error.to_string()),
        };
        let liked = || accept::choose(headers, &[(JSON, false), ("text/plain", true)]);
        let Some(is_prometheus) = is_prometheus.or_else(liked) else {
            return not_acceptable("application/json and text/plain");
        };
        let counts = self.viewers.counts();
        let (content_type, text) = if is_prometheus {
            (PROMETHEUS, stats::prometheus(&self.numbers(), counts))
        } else {
            (JSON, stats::json(&self.numbers(), counts))
        };
        answer::of(StatusCode::OK, content_type, text.into())
    }

    /// The numbers of each source: of its newest ring, if that can be read.
    fn numbers(&self) -> Vec<Numbers> {
        let is_named = self.sources.is_named();
        let mut newest = Vec::<Arc<Shown>>::new();
        for ring in self.sources.rings() {
            newest.retain(|other| other.name != ring.name);
            newest.push(ring);
        }
        let numbers = |ring: Arc<Shown>| {
            Some(Numbers {
                name: is_named.then(|| ring.name.clone()),
                stats: ring.log.stats().ok()?,
            })
        };
        newest.into_iter().filter_map(numbers).collect()
    }

    /// The page, for a browser that has asked like this.
    fn page(&self, status: StatusCode, asked: Asked<'_>) -> Response {
        let sign_in = self.sign_in.as_ref();
        let has_session = sign_in.is_some_and(|sign_in| sign_in.has_session(asked));
        let page = page::index(last_name(asked.path), self.options.program(), has_session);
        answer::file(status, page, page::PAGE_POLICY)
    }

    async fn counts(&self, query: &str) -> Response {
        let query = match query::Counts::parse(query, SystemTime::now()) {
            Ok(query) => query,
            Err(error) => return text(StatusCode::BAD_REQUEST, error.to_string()),
        };
        // The page asks for them beside what it follows.
        if let Some(refusal) = self.refuse_sources(&query.only, true) {
            return refusal;
        }
        let hook = self.options.redact.as_ref();
        let rings = self.sources.rings();
        let wanted = rings
            .iter()
            .filter(|ring| is_wanted(&query.only, &ring.name));
        let logs: Vec<_> = wanted.map(|ring| &ring.log).collect();
        let json = counts::json(&logs, &query.selection, hook, query.bars).await;
        answer::of(StatusCode::OK, "application/json", json.into())
    }

    async fn log(&self, request: &Request<()>, asked: Asked<'_>) -> Response {
        let headers = request.headers();
        let query = request.uri().query().unwrap_or_default();
        let resume = resume(headers);
        let query = match Query::parse(query, SystemTime::now()) {
            Ok(query) => query.resumed(&resume),
            // The page asks again, shows the error, and has the fields in which it can be fixed.
            Err(_) if wants_html(headers, query) => {
                return self.page(StatusCode::BAD_REQUEST, asked);
            }
            Err(error) => return text(StatusCode::BAD_REQUEST, error.to_string()),
        };
        let format = query.format.or_else(|| liked_format(headers));
        let waits = query.follow || matches!(format, Some(Format::Sse | Format::Html));
        if let Some(refusal) = self.refuse_sources(&query.only, waits) {
            // As above.
            return match format {
                Some(Format::Html) => self.page(StatusCode::BAD_REQUEST, asked),
                _ => refusal,
            };
        }
        let Some(format) = format else {
            return not_acceptable(
                "text/plain, text/html, application/x-ndjson and text/event-stream",
            );
        };
        let writer = match format {
            Format::Html => {
                return self.page(StatusCode::OK, asked);
            }
            Format::Text => BodyWriter::text(query.raw),
            Format::Ndjson => BodyWriter::ndjson(),
            Format::Sse => BodyWriter::Sse,
        };
        let content_type = writer.content_type();
        let pace = match query.follow || format == Format::Sse {
            true => Pace::Live,
            false => Pace::Finite,
        };
        if request.method() == Method::HEAD {
            return answer::of(StatusCode::OK, content_type, Body::OfAnyLength(pace));
        }
        let Some(permit) = self.viewers.permit() else {
            let reason = "there are as many viewers as there may be: ask again in a few seconds\n";
            let mut response = text(StatusCode::TOO_MANY_REQUESTS, reason);
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, RETRY_AFTER);
            return response;
        };
        let connection = request.extensions().get::<Arc<Connection>>().cloned();
        if let Some(connection) = &connection {
            connection.set_follows(query.follow);
        }
        let is_unknown = matches!(resume, Resume::Unknown);
        let parts = match self.parts(query, writer, is_unknown).await {
            Ok(parts) => parts,
            Err(error) => {
                let reason = format!("cannot read the log: {error}\n");
                return text(StatusCode::INTERNAL_SERVER_ERROR, reason);
            }
        };
        let stream = Stream::new(parts);
        let sign_in = self.sign_in.as_ref();
        let may_look = sign_in.and_then(|sign_in| sign_in.may_look(asked));
        let stall_timeout = self.options.stall_timeout;
        let body = self
            .viewers
            .body((stream, permit), connection, stall_timeout, may_look);
        answer::of(StatusCode::OK, content_type, Body::Log(body, pace))
    }

    /// Where the log has no name, none can be chosen; and where it has, those that there are. Who `waits` may ask for one that comes
    /// later, if any does.
    fn refuse_sources(&self, only: &[String], waits: bool) -> Option<Response> {
        if only.is_empty() || waits && self.sources.grows() {
            return None;
        }
        if !self.sources.is_named() {
            let reason = "source has no meaning here: this is one log, and it has no name\n";
            return Some(text(StatusCode::BAD_REQUEST, reason));
        }
        let names = self.sources.names();
        let is_there = |wanted: &str| names.iter().any(|name| **name == *wanted);
        let unknown = only.iter().find(|wanted| !is_there(wanted))?;
        let names: Vec<_> = names.iter().map(|name| format!("{name:?}")).collect();
        let reason = match names.is_empty() {
            true => format!("there is no source {unknown:?}: there is none so far\n"),
            false => format!(
                "there is no source {unknown:?}: there are {}\n",
                names.join(", ")
            ),
        };
        Some(text(StatusCode::BAD_REQUEST, reason))
    }

    /// What a stream is made of that shows what is asked for.
    async fn parts(&self, query: Query, writer: BodyWriter, is_unknown: bool) -> io::Result<Parts> {
        let selection = query.selection.clone();
        let selection = selection.redaction(self.options.redact.clone());
        // In this order: what is added in between is seen to be new.
        let changes = self.sources.changes();
        let rings = self.sources.rings();
        let is_alone = rings.len() == 1 && !self.sources.is_named();
        let ids: Vec<_> = rings.iter().map(|ring| ring.id).collect();
        let is_restarted = !is_alone && query.is_of_others(&ids);
        let mut lanes = Vec::with_capacity(rings.len());
        let mut passing = 0_u64;
        for ring in rings {
            let is_wanted = is_wanted(&query.only, &ring.name);
            let start = query.start(ring.id, is_alone);
            let before = query.before(ring.id, is_alone);
            let begin = if is_wanted {
                let span = Span::new(&ring.log, start, query.tail, before);
                begin::begin(&ring.log, &selection, span).await
            } else {
                Begin::unwanted(start, before.unwrap_or_else(|| ring.log.cursor()))
            };
            passing = passing.saturating_add(begin.passing.unwrap_or(0));
            lanes.push(Lane::open(ring, begin, is_wanted)?);
        }
        Ok(Parts {
            sources: self.sources.clone(),
            changes,
            lanes,
            only: query.only,
            selection,
            follow: query.follow,
            limit: query.limit,
            limit_bytes: query.limit_bytes,
            writer,
            skip: query.tail.map_or(0, |tail| passing.saturating_sub(tail)),
            restarted: is_unknown || is_restarted,
            keep_alive: self.options.keep_alive,
        })
    }
}

/// Where a client that comes back left off, as it says by itself: an `EventSource` does.
fn resume(headers: &HeaderMap) -> Resume {
    match headers.get("last-event-id") {
        None => Resume::None,
        // One that is not a cursor of ours is as much another ring's as one that is. An error would end
        // an `EventSource` for good.
        Some(id) => id
            .to_str()
            .ok()
            .and_then(|id| id.parse().ok())
            .map_or(Resume::Unknown, Resume::After),
    }
}

/// `None` if all are refused.
fn liked_format(headers: &HeaderMap) -> Option<Format> {
    let offered = [
        ("text/plain", Format::Text),
        ("text/html", Format::Html),
        ("application/x-ndjson", Format::Ndjson),
        ("application/ndjson", Format::Ndjson),
        ("application/jsonl", Format::Ndjson),
        ("application/x-jsonlines", Format::Ndjson),
        ("application/json", Format::Ndjson),
        ("text/event-stream", Format::Sse),
    ];
    accept::choose(headers, &offered)
}

/// Whether it is a person who asks, as far as it can be told of a query that may not be understood.
fn wants_html(headers: &HeaderMap, query: &str) -> bool {
    let format = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "format");
    match format {
        Some((_, format)) => format == "html",
        None => liked_format(headers) == Some(Format::Html),
    }
}

fn not_acceptable(offered: &str) -> Response {
    let reason = format!("there are {offered}, and the request accepts none of them\n");
    text(StatusCode::NOT_ACCEPTABLE, reason)
}
