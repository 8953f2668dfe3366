//! What is answered to which request.
//!
//! Every request goes the same way: is it for us and from our own page, is there such an address, is it
//! the right method, has it the token, does it ask for something that we understand. The first "no" is
//! the answer.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use circular_core::{Colors, Handle, Start, push_for_terminal};
use http_body::Body as _;
use hyper::body::Bytes;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, StatusCode, Version};
use tokio::time;

use crate::site::accept;
use crate::site::answer::{self, Body, Response};
use crate::site::guard;
use crate::site::options::Options;
use crate::site::page::{self, File};
use crate::site::proxied;
use crate::site::query::{self, Format, Query, Resume};
use crate::site::stats;
use crate::viewer::begin::{self, Begin};
use crate::viewer::connection::Connection;
use crate::viewer::format::BodyWriter;
use crate::viewer::stream::{Parts, Stream};
use crate::viewer::viewers::Viewers;

/// After how many seconds a client that found no place may ask again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// What a form may take, in bytes and in time.
const FORM_BYTES: usize = 4 << 10;
const FORM_TIME: Duration = Duration::from_secs(10);

/// There is nothing to see in a forked child.
const FORKED: &str = "there is no log here: this process was forked from the one that made the ring, \
     which is dead in it: make the ring after the fork\n";

/// The log and who may see it.
#[derive(Debug)]
pub(crate) struct Site {
    handle: Handle,
    options: Options,
    viewers: Arc<Viewers>,
}

impl Site {
    pub(crate) fn new(handle: Handle, options: Options) -> Arc<Self> {
        let viewers = Viewers::new(handle.clone(), options.viewers);
        for ending in &options.endings {
            ending.add(&viewers);
        }
        Arc::new(Self {
            handle,
            options,
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
        let mut response = self.reply(&request, body, asked).await;
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
        if self.handle.is_forked() {
            return text(StatusCode::SERVICE_UNAVAILABLE, FORKED);
        }
        let asked = asked.unwrap_or(uri.path());
        let below = self.below(uri.path());
        let file = below.strip_prefix('/').and_then(page::file);
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        match below {
            "/login" if self.options.token.is_some() => {
                let name = last_name(asked.strip_suffix("/login").unwrap_or_default());
                return match *request.method() {
                    Method::POST => self.log_in(name, headers, body).await,
                    // The form's address, after it was sent, in a browser's address bar.
                    Method::GET | Method::HEAD => to_the_page(name, None),
                    _ => not_allowed("GET, HEAD, POST"),
                };
            }
            "" | "/stats" => {}
            _ if file.is_some() => {}
            _ => {
                // Where it is nested, with what is before it.
                let page = asked.strip_suffix(below).unwrap_or_default();
                let is_ours = !page.is_empty() && page.ends_with(self.base());
                let page = if is_ours { page } else { &self.options.path };
                // It may be a terminal that shows it.
                let mut shown = Vec::new();
                push_for_terminal(&mut shown, page.as_bytes(), Colors::Keep);
                let page = String::from_utf8_lossy(&shown);
                let reason = format!("there is nothing here: see {page}\n");
                return text(StatusCode::NOT_FOUND, reason);
            }
        }
        if !is_read {
            return not_allowed("GET, HEAD");
        }
        let name = last_name(asked);
        if let Some(file) = file {
            return shown(StatusCode::OK, file, page::STRICT_POLICY);
        }
        let query = uri.query().unwrap_or_default();
        if !self.has_token(headers) {
            return unauthorized(headers, query, name);
        }
        match below {
            "/stats" => self.stats(headers, query),
            _ => self.log(request, name).await,
        }
    }

    fn has_token(&self, headers: &HeaderMap) -> bool {
        let token = self.options.token.as_ref();
        token.is_none_or(|token| token.is_shown(headers))
    }

    /// What comes behind the path of the page; `/` for what is elsewhere.
    fn below<'a>(&self, path: &'a str) -> &'a str {
        match path.strip_prefix(self.base()) {
            // The page itself.
            Some("/") if self.base().is_empty() => "",
            below => below.unwrap_or("/"),
        }
    }

    /// Exchanges the token for a cookie. `name` is the last of the page's path.
    async fn log_in<B>(&self, name: &str, headers: &HeaderMap, body: B) -> Response
    where
        B: http_body::Body<Data = Bytes>,
    {
        let form = answer::read(body, FORM_BYTES);
        let Ok(Some(form)) = time::timeout(FORM_TIME, form).await else {
            return text(
                StatusCode::BAD_REQUEST,
                "this is not the form that was asked for\n",
            );
        };
        let mut fields = form_urlencoded::parse(&form);
        let token = self.options.token.as_ref();
        let shown_token = fields.find(|(name, _)| name == "token");
        match token.zip(shown_token) {
            Some((token, (_, shown))) if token.is(shown.trim()) => {
                let mut response = to_the_page(name, asked_for(name, headers));
                let cookie = token.set_cookie(proxied::is_tls(headers));
                response.headers_mut().insert(header::SET_COOKIE, cookie);
                response
            }
            _ => shown(StatusCode::FORBIDDEN, page::WRONG_TOKEN, page::FORM_POLICY),
        }
    }

    fn stats(&self, headers: &HeaderMap, query: &str) -> Response {
        const JSON: &str = "application/json";
        const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";
        let is_prometheus = match query::wants_prometheus(query) {
            Ok(wanted) => wanted,
            Err(error) => return text(StatusCode::BAD_REQUEST, error.to_string()),
        };
        let liked = || accept::choose(headers, &[(JSON, false), ("text/plain", true)]);
        let (stats, counts) = (self.handle.stats(), self.viewers.counts());
        let (content_type, text) = if is_prometheus.or_else(liked) == Some(true) {
            (PROMETHEUS, stats::prometheus(&stats, counts))
        } else {
            (JSON, stats::json(&stats, counts))
        };
        answer::of(StatusCode::OK, content_type, text.into())
    }

    async fn log(&self, request: &Request<()>, name: &str) -> Response {
        let headers = request.headers();
        let query = request.uri().query().unwrap_or_default();
        let resume = resume(headers);
        let query = match Query::parse(query, SystemTime::now()) {
            Ok(query) => query.resumed(resume),
            // The page asks again, shows the error, and has the fields in which it can be fixed.
            Err(_) if wants_html(headers, query) => {
                let status = StatusCode::BAD_REQUEST;
                return shown(status, page::INDEX.named(name), page::PAGE_POLICY);
            }
            Err(error) => return text(StatusCode::BAD_REQUEST, error.to_string()),
        };
        let writer = match query.format.unwrap_or_else(|| liked_format(headers)) {
            Format::Html => {
                return shown(StatusCode::OK, page::INDEX.named(name), page::PAGE_POLICY);
            }
            Format::Text => BodyWriter::text(query.raw),
            Format::Ndjson => BodyWriter::ndjson(),
            Format::Sse => BodyWriter::Sse,
        };
        let content_type = writer.content_type();
        if request.method() == Method::HEAD {
            return answer::of(StatusCode::OK, content_type, Body::OfAnyLength);
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
        let end = self.handle.cursor().seq();
        let (start, tail) = (query.start(), query.tail);
        let selection = query.selection.redaction(self.options.redact.clone());
        let Begin { start, skip } = begin::begin(&self.handle, &selection, start, tail, end).await;
        let reader = match self.handle.reader().start(start).open_async() {
            Ok(reader) => reader,
            Err(error) => {
                let reason = format!("cannot read the log: {error}\n");
                return text(StatusCode::INTERNAL_SERVER_ERROR, reason);
            }
        };
        // What was written before it joined must not make its last few fewer.
        let end = match start {
            Start::Last(count) => {
                let last = reader.cursor().seq().saturating_add(count);
                last.min(self.handle.cursor().seq())
            }
            _ => end,
        };
        let stream = Stream::new(Parts {
            handle: self.handle.clone(),
            reader,
            selection,
            follow: query.follow,
            limit_bytes: query.limit_bytes,
            writer,
            end,
            skip,
            restarted: matches!(resume, Resume::Unknown),
            keep_alive: self.options.keep_alive,
        });
        let body = self
            .viewers
            .body((stream, permit), connection, self.options.stall_timeout);
        answer::of(StatusCode::OK, content_type, Body::Log(body))
    }
}

/// What comes after the last slash of a path.
fn last_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
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

fn liked_format(headers: &HeaderMap) -> Format {
    let offered = [
        ("text/plain", Format::Text),
        ("text/html", Format::Html),
        ("application/x-ndjson", Format::Ndjson),
        ("text/event-stream", Format::Sse),
    ];
    accept::choose(headers, &offered).unwrap_or(Format::Text)
}

/// Whether it is a person who asks, as far as it can be told of a query that may not be understood.
fn wants_html(headers: &HeaderMap, query: &str) -> bool {
    let format = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "format");
    match format {
        Some((_, format)) => format == "html",
        None => liked_format(headers) == Format::Html,
    }
}

fn text(status: StatusCode, text: impl Into<String>) -> Response {
    answer::of(status, "text/plain; charset=utf-8", text.into().into())
}

fn shown(status: StatusCode, file: File, policy: &'static str) -> Response {
    let mut response = answer::of(status, file.content_type, file.text.into());
    response.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(policy),
    );
    response
}

/// Sends a browser from the form to the page. Relative, as a proxy may have put a prefix before the path.
fn to_the_page(name: &str, query: Option<&str>) -> Response {
    let page = if name.is_empty() {
        "./".to_owned()
    } else {
        format!("../{name}")
    };
    let location = query.and_then(|query| HeaderValue::try_from(format!("{page}?{query}")).ok());
    let location = location.or_else(|| HeaderValue::try_from(page).ok());
    let mut response = text(StatusCode::SEE_OTHER, "");
    response.headers_mut().insert(
        header::LOCATION,
        location.unwrap_or(HeaderValue::from_static("./")),
    );
    response
}

/// The query of the page that was asked for when the form came instead.
fn asked_for<'a>(name: &str, headers: &'a HeaderMap) -> Option<&'a str> {
    let referer = headers.get(header::REFERER)?.to_str().ok()?;
    let (address, query) = referer.split_once('?')?;
    (last_name(address) == name).then_some(query)
}

fn not_allowed(methods: &'static str) -> Response {
    let reason = format!("here only {methods} can be used\n");
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, reason);
    let headers = response.headers_mut();
    headers.insert(header::ALLOW, HeaderValue::from_static(methods));
    response
}

/// Asks for the token: a person with a form, a program with a header.
fn unauthorized(headers: &HeaderMap, query: &str, name: &str) -> Response {
    // Whatever else the query says is not even looked at.
    let mut response = if wants_html(headers, query) {
        shown(
            StatusCode::UNAUTHORIZED,
            page::LOGIN.named(name),
            page::FORM_POLICY,
        )
    } else {
        text(
            StatusCode::UNAUTHORIZED,
            "this log asks for a token: send it as `Authorization: Bearer <token>`\n",
        )
    };
    let headers = response.headers_mut();
    headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}
