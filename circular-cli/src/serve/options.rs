//! Where the page is and who may look, as it was typed; and what `circular-http` refuses, in this command's words.

use std::env;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::Path;

use circular_core::{SECRET_KEYS, redact_keys};
use circular_http::{Listen, Options};

use crate::args::serve::{Redact, Serve};
use crate::failure::{Failure, quoted};

/// Returns them, for a page with this title, if no other was asked for.
///
/// # Errors
///
/// One of them is none, or there is no token where other machines can read the log.
pub(crate) fn of(serve: &Serve, title: &str) -> Result<Options<Listen>, Failure> {
    let mut options = Options::new()
        .name(serve.name.as_deref().unwrap_or(title))
        .viewers(usize::from(serve.viewers))
        .path(&serve.path)
        .map_err(|error| Failure::usage(error.to_string(), "circular serve --path /debug/log"))?;
    for host in &serve.hosts {
        options = options.host(host);
    }
    for origin in &serve.origins {
        options = options.origin(origin).map_err(|_| {
            Failure::usage(
                format!(
                    "--origin {origin:?} is no address as browsers show it: http or https, a host, and a port if it is not the usual one"
                ),
                "circular serve --origin https://log.example.com",
            )
        })?;
    }
    options = with_token(options, serve)?;
    let addr = serve.addr;
    options.check_addr(addr).map_err(|_| {
        Failure::usage(
            format!(
                "will not show the log on {addr}, where other machines can read it, without a token"
            ),
            format!("the same with --token-file FILE or --token-env VAR, or without --addr {addr}"),
        )
    })?;
    Ok(with_redaction(options, serve)?.addr(addr))
}

fn with_token(options: Options, serve: &Serve) -> Result<Options, Failure> {
    if let Some(file) = &serve.token_file {
        let made = options.token_from_file(file);
        return made.map_err(|error| Failure::usage(error.to_string(), for_file(file, &error)));
    }
    let Some(variable) = &serve.token_env else {
        return Ok(options);
    };
    let next = format!("export {variable}=\"$(openssl rand -hex 32)\"");
    // For a program that is started with it or without, that is no token; who has typed it wants one.
    if env::var_os(variable).is_none() {
        let why = format!("the environment variable {variable}, of --token-env, is not set");
        return Err(Failure::usage(why, next));
    }
    let made = options.token_from_env(variable);
    made.map_err(|error| Failure::usage(error.to_string(), next))
}

/// What to do about a file in which there is no token.
fn for_file(file: &Path, error: &io::Error) -> String {
    let shown = quoted(&file.to_string_lossy());
    match error.kind() {
        ErrorKind::PermissionDenied => format!("ls -l {shown}"),
        _ => format!("(umask 077; openssl rand -hex 32 > {shown})"),
    }
}

fn with_redaction(options: Options, serve: &Serve) -> Result<Options, Failure> {
    match (serve.redact, &serve.redact_keys[..]) {
        (Redact::None, []) => Ok(options),
        (Redact::None, _) => Err(Failure::usage(
            "--redact none hides nothing, and --redact-key says what is to be hidden",
            "the same without one of the two",
        )),
        (Redact::Keys, more) => {
            let keys = SECRET_KEYS.iter().copied();
            let keys: Vec<_> = keys.chain(more.iter().map(String::as_str)).collect();
            Ok(options.redact(redact_keys(&keys)))
        }
    }
}

/// Why the page cannot be served.
pub(crate) fn cannot_serve(serve: &Serve, error: &io::Error) -> Failure {
    let (addr, ip) = (serve.addr, serve.addr.ip());
    let why = match error.kind() {
        ErrorKind::AddrInUse => "another program listens there",
        ErrorKind::AddrNotAvailable => "this machine has no such address",
        ErrorKind::PermissionDenied => "this user may not",
        _ => return Failure::failed(error.to_string(), "the same with another --addr"),
    };
    let next = match error.kind() {
        ErrorKind::AddrInUse => format!(
            "the same with --addr '{}', which takes a free port",
            SocketAddr::new(ip, 0)
        ),
        _ => String::from("the same with --addr 127.0.0.1:6061"),
    };
    Failure::failed(format!("cannot listen on {addr}: {why}"), next)
}
