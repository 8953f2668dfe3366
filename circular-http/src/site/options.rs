//! What a user may set, and what is refused before anything is served.

use std::env;
use std::fmt;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use circular_core::{Record, Redacted, Redaction};

use crate::site::guard::Names;
use crate::site::origin::Origin;
use crate::site::token::Token;
use crate::viewer::ending::Ending;

/// Longer than any client looks. Times that are farther off cannot be told to timers.
pub(crate) const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Where and to whom a log is shown. The defaults are safe: the loopback address, 16 viewers.
///
/// They are for [`serve`] and for [`router`](crate::router), and may be set in any order. With [`addr`](Self::addr)
/// or [`header_timeout`](Self::header_timeout), which a server that is there already has of its own, they become
/// `Options<Listen>`, which only [`serve`] takes: `router` would have to ignore them.
///
/// ```
/// use circular_core::{SECRET_KEYS, redact_keys};
/// use circular_http::Options;
///
/// let options = Options::new()
///     .addr("127.0.0.1:0")
///     .token_from_env("SHOP_LOG_TOKEN")?
///     .redact(redact_keys(SECRET_KEYS));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// A program that sets the address only under a condition has these from the beginning:
///
/// ```
/// use circular_http::{Listen, Options};
///
/// let mut options: Options<Listen> = Options::new().viewers(4).into();
/// if let Ok(addr) = std::env::var("SHOP_LOG_ADDR") {
///     options = options.addr(addr);
/// }
/// ```
///
/// [`Listen`]: crate::Listen
/// [`serve`]: crate::serve
#[derive(Clone)]
#[must_use = "it does nothing until it is handed to `serve` or `router`"]
pub struct Options<L = ()> {
    /// `/`, or it ends without one.
    pub(crate) path: String,
    /// The program's, as the page shows it.
    name: String,
    pub(crate) viewers: usize,
    pub(crate) token: Option<Token>,
    /// The variable that the token was to come from.
    variable: Option<String>,
    hosts: Vec<String>,
    origins: Vec<Origin>,
    pub(crate) redact: Option<Redaction>,
    pub(crate) endings: Vec<Ending>,
    pub(crate) keep_alive: Duration,
    pub(crate) stall_timeout: Duration,
    /// `Listen`, or nothing.
    pub(crate) listen: L,
}

impl Options {
    /// Returns the defaults.
    pub fn new() -> Self {
        Self {
            path: "/debug/log".to_owned(),
            name: executable_name(),
            viewers: 16,
            token: None,
            variable: None,
            hosts: Vec::new(),
            origins: Vec::new(),
            redact: None,
            endings: Vec::new(),
            keep_alive: Duration::from_secs(15),
            stall_timeout: Duration::from_secs(30),
            listen: (),
        }
    }
}

/// What both use.
impl<L> Options<L> {
    /// Sets where the page is, and what belongs to it below that; `/debug/log` by default.
    ///
    /// ```
    /// use circular_http::Options;
    ///
    /// let options = Options::new().path("/admin/logs")?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If it is not `/`, or names of ASCII letters, digits, `-`, `.`, `_` and `~` with a slash before each.
    pub fn path(mut self, path: &str) -> io::Result<Self> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let is_name = |name: &str| !matches!(name, "" | "." | "..") && name.bytes().all(is_plain);
        let names = path.strip_prefix('/');
        if !names.is_some_and(|names| names.is_empty() || names.split('/').all(is_name)) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "cannot show the log at the path {path:?}: use / or one such as /debug/log, with a slash \
                     before each name and none at the end, and names of letters, digits, and any of -._~"
                ),
            ));
        }
        self.path = path.to_owned();
        Ok(self)
    }

    /// Sets what the page calls the program, in its title and in the names of what is downloaded; by default what the
    /// executable is called, without an ending.
    pub fn name(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    /// Sets how many responses with log text there may be at once; 16 by default. One more is answered
    /// with 429.
    pub fn viewers(mut self, limit: usize) -> Self {
        self.viewers = limit;
        self
    }

    /// Asks every client for this token: as `Authorization: Bearer`, or, in a browser, typed into a
    /// form that exchanges it for a session: a cookie in which nothing of the token is, which is good for twelve
    /// hours, until this process ends, or until somebody signs out.
    ///
    /// # Errors
    ///
    /// If it is empty or has other characters than visible ASCII.
    pub fn token(mut self, token: &str) -> io::Result<Self> {
        self.token = Some(Token::new(token, "that was given")?);
        Ok(self)
    }

    /// Does what [`token`](Self::token) does, with the token in an environment variable. If that is not set there
    /// is no token, and [`serve`](crate::serve) will only listen on a loopback address.
    ///
    /// # Errors
    ///
    /// If the variable is set, and to something that is no token.
    pub fn token_from_env(mut self, variable: &str) -> io::Result<Self> {
        self.variable = Some(variable.to_owned());
        if let Some(token) = env::var_os(variable) {
            let origin = format!("in the environment variable {variable}");
            self.token = Some(Token::new(&token.to_string_lossy(), &origin)?);
        }
        Ok(self)
    }

    /// Does what [`token`](Self::token) does, with the token in a file; the white space around it does not count.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or holds something that is no token.
    pub fn token_from_file(mut self, path: impl AsRef<Path>) -> io::Result<Self> {
        let text = fs::read_to_string(&path);
        let path = path.as_ref().display();
        let text = text.map_err(|error| {
            let what = format!("cannot read the token from {path}: {error}");
            io::Error::new(error.kind(), what)
        })?;
        self.token = Some(Token::new(&text, &format!("in the file {path}"))?);
        Ok(self)
    }

    /// Answers to this host name too, beside `localhost` and the loopback addresses. A request for
    /// any other is refused, so that no web page can get at the log by renaming its own server to
    /// this address. Without a port it stands for every port.
    pub fn host(mut self, name: &str) -> Self {
        // Somebody may have taken it from where a browser shows it.
        let name = name.to_ascii_lowercase();
        let bare = name.split_once("://").map_or(&*name, |(_, bare)| bare);
        self.hosts.push(bare.trim_end_matches('/').to_owned());
        self
    }

    /// Answers at this address too, which browsers show where a proxy stands before the log: a scheme, a host, and a
    /// port if it is not the scheme's. Said again, each of them counts.
    ///
    /// ```
    /// use circular_http::Options;
    ///
    /// let options = Options::new().origin("https://log.example.com")?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// The host counts as one of [`host`](Self::host) does, so that a proxy may pass it on; and a proxy that puts
    /// another one into `Host` may say this one in `X-Forwarded-Host` or `Forwarded`, if there is a token. Where a path
    /// comes before the log's own, nothing has to be said.
    ///
    /// # Errors
    ///
    /// If it is something else: has a path, say.
    pub fn origin(mut self, origin: &str) -> io::Result<Self> {
        let parsed = Origin::parse(origin.strip_suffix('/').unwrap_or(origin));
        let parsed = parsed.ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "cannot show the log at the origin {origin:?}: give Options::origin a scheme, http or https, and \
                     a host, with a port if it is not the scheme's, such as https://log.example.com"
                ),
            )
        })?;
        self.origins.push(parsed);
        Ok(self)
    }

    /// Hands each record to `hook` before it leaves, in whatever format; see [`Redacted`]. What
    /// clients search for is searched for in what the hook has left. How long a record was before can be
    /// told from cursors.
    ///
    /// The hook must not log to the ring that it is looking at: each record would make another. As in a
    /// sink, nothing waits in it: [`flush_timeout`](circular_core::Handle::flush_timeout) and
    /// [`join_timeout`](circular_core::Handle::join_timeout) are `false` at once.
    pub fn redact(self, hook: impl Fn(&Record<'_>) -> Redacted + Send + Sync + 'static) -> Self {
        self.redaction(Redaction::new(hook))
    }

    /// Does what [`redact`](Self::redact) does, for a hook that has several ways out.
    pub fn redaction(mut self, redaction: Redaction) -> Self {
        self.redact = Some(redaction);
        self
    }

    /// Lets `ending` end those who look, without closing the ring; see [`Ending`]. Said again, each
    /// of them does. Nothing does by default, but the end of the [`Server`](crate::Server).
    pub fn ended_by(mut self, ending: &Ending) -> Self {
        self.endings.push(ending.clone());
        self
    }

    /// Sets after how long without a record an event stream or one of JSON lines gets a sign of life, so that no
    /// proxy takes it for dead, and the page sees that it is not; 15 s by default. Text gets none, as it
    /// would be part of it. [`serve`](crate::serve) asks the systems of silent clients as often whether they
    /// are still there, and lets those go that do not answer.
    pub fn keep_alive(mut self, period: Duration) -> Self {
        self.keep_alive = period.min(LONGEST);
        self
    }

    /// Sets how long a viewer may take nothing, though there is something, before it is dropped; 30 s by default.
    ///
    /// What its system has taken counts as taken. Where a program reads slowly from a full buffer, its
    /// system asks for more only when some of that is free: [`serve`](crate::serve) sends to such a client
    /// in small pieces, so that one that reads 1 KiB a second is not taken for one that never reads. Other
    /// servers do not, and with the buffers that Linux gives, it then seems to take nothing for a minute.
    pub fn stall_timeout(mut self, timeout: Duration) -> Self {
        self.stall_timeout = timeout.min(LONGEST);
        self
    }

    /// Checks whether the log may be shown on `addr`: on a loopback address always, on another one only with
    /// a token. [`serve`](crate::serve) asks this; a program with a server of its own, in which it
    /// mounts [`router`](crate::router), should too.
    ///
    /// # Errors
    ///
    /// `PermissionDenied`, with a message that says what to set.
    pub fn check_addr(&self, addr: SocketAddr) -> io::Result<()> {
        if addr.ip().to_canonical().is_loopback() || self.token.is_some() {
            return Ok(());
        }
        let what_to_set = match &self.variable {
            Some(variable) => format!("set {variable} in the environment to a long random text"),
            None => "set one with Options::token_from_env or Options::token_from_file".to_owned(),
        };
        Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            format!(
                "will not show the log on {addr}, where other machines can read it, without a token: \
                 {what_to_set}, or listen on 127.0.0.1"
            ),
        ))
    }

    /// What the page calls the program.
    pub(crate) fn program(&self) -> &str {
        &self.name
    }

    /// By which names the log may be asked for.
    pub(crate) fn names(&self) -> Names<'_> {
        Names {
            hosts: &self.hosts,
            origins: &self.origins,
            has_token: self.token.is_some(),
        }
    }

    /// What both use, and what only a server of its own does.
    pub(crate) fn split(self) -> (Options, L) {
        self.with(())
    }

    /// The same with another `listen`, and that.
    pub(crate) fn with<M>(self, listen: M) -> (Options<M>, L) {
        let options = Options {
            path: self.path,
            name: self.name,
            viewers: self.viewers,
            token: self.token,
            variable: self.variable,
            hosts: self.hosts,
            origins: self.origins,
            redact: self.redact,
            endings: self.endings,
            keep_alive: self.keep_alive,
            stall_timeout: self.stall_timeout,
            listen,
        };
        (options, self.listen)
    }
}

/// What the executable is called, without an ending; `log` if that is not known.
fn executable_name() -> String {
    let path = env::current_exe().ok();
    let name = path.as_deref().and_then(Path::file_stem);
    let name = name.map(|name| name.to_string_lossy());
    // As Linux says of one that was replaced meanwhile.
    let name = name
        .as_deref()
        .map(|name| name.trim_end_matches(" (deleted)"));
    name.filter(|name| !name.is_empty())
        .unwrap_or("log")
        .to_owned()
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

impl<L: fmt::Debug> fmt::Debug for Options<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("path", &self.path)
            .field("name", &self.name)
            .field("viewers", &self.viewers)
            .field("token", &self.token)
            .field("hosts", &self.hosts)
            .field("origins", &self.origins)
            .field("keep_alive", &self.keep_alive)
            .field("stall_timeout", &self.stall_timeout)
            .field("listen", &self.listen)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_of_them_is_no_secret() {
        let options = Options::default()
            .host("log.example.com")
            .token("s3cret")
            .unwrap();
        let text = format!("{options:?}");
        assert!(
            text.contains("log.example.com") && text.contains("viewers: 16"),
            "{text}"
        );
        assert!(!text.contains("s3cret"), "{text}");
    }
}
