//! `GET /logs`: the ring, as plain text, to as many clients as there are.
//!
//! `?follow=1` goes on until the ring closes, without it the response ends with what is held.
//! `?level=warn` leaves out what is less severe. `?tail=20` starts with the last 20 of those that
//! `level` lets pass.
//!
//! Each follower is a [`Policy::Skip`] reader: one that does not keep up misses records, is told so
//! in the stream, and holds nobody up. While nothing is logged it costs no thread and no timer.
//!
//! There is no password. Whoever can reach the address can read the log, and so can a web page in a
//! browser on this machine that rebinds its name to 127.0.0.1. Keep it on the loopback address, and
//! put real access control in front of it in a service of your own.

use std::{convert::Infallible, io};

use axum::{
    body::Body,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use circular_core::{Handle, Level, Policy, Snapshot, Start};
use futures_util::StreamExt;

pub(crate) async fn logs(
    State(handle): State<Handle>,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    let wanted = match Wanted::parse(&query) {
        Ok(wanted) => wanted,
        Err(reason) => return (StatusCode::BAD_REQUEST, reason + "\n").into_response(),
    };
    let body = if wanted.follow {
        following(&handle, wanted)
    } else {
        Ok(held(&handle, wanted))
    };
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        // Log text comes from anybody: a browser must show it, not guess that it is a page.
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    match body {
        Ok(body) => (headers, body).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

/// What the ring holds now.
fn held(handle: &Handle, wanted: Wanted) -> Body {
    let snapshot = handle.snapshot();
    if wanted.level.is_none() && wanted.tail.is_none() {
        return snapshot.into_bytes().into();
    }
    let first = wanted.first_seq(&snapshot);
    let mut text = Vec::new();
    for record in snapshot.records() {
        if record.seq() >= first && wanted.passes(record.level()) {
            text.extend_from_slice(record.bytes());
        }
    }
    text.into()
}

/// What the ring holds, and then what comes, until the ring closes or the client goes.
fn following(handle: &Handle, wanted: Wanted) -> io::Result<Body> {
    let mut reader = handle.reader().policy(Policy::Skip);
    if let Some(level) = wanted.level {
        reader = reader.at_least(level);
    }
    if let Some(tail) = wanted.tail {
        reader = reader.start(Start::Last(match wanted.level {
            None => tail,
            // The reader counts records of every level, so count how many of those it takes. What
            // is logged meanwhile pushes as many of the oldest out.
            Some(_) => {
                let snapshot = handle.snapshot();
                let first = wanted.first_seq(&snapshot);
                snapshot
                    .records()
                    .last()
                    .map_or(0, |newest| (newest.seq() + 1).saturating_sub(first))
            }
        }));
    }
    Ok(Body::from_stream(reader.stream()?.map(Ok::<_, Infallible>)))
}

/// What the client asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Wanted {
    follow: bool,
    tail: Option<u64>,
    level: Option<Level>,
}

impl Wanted {
    /// Whether a record is severe enough. One without a level always is, to a reader too.
    fn passes(&self, level: Option<Level>) -> bool {
        self.level.is_none() || level.is_none() || level >= self.level
    }

    /// The seq that the last `tail` records which pass begin with.
    fn first_seq(&self, snapshot: &Snapshot) -> u64 {
        let Some(tail) = self.tail else { return 0 };
        let passing: Vec<u64> = snapshot
            .records()
            .filter(|record| self.passes(record.level()))
            .map(|record| record.seq())
            .collect();
        let skipped = passing
            .len()
            .saturating_sub(usize::try_from(tail).unwrap_or(usize::MAX));
        // With `tail=0` there is no such record: nothing that is held, and all that comes.
        passing.get(skipped).copied().unwrap_or(u64::MAX)
    }

    /// The error names the parameter, the value, and what would have been understood.
    fn parse(query: &[(String, String)]) -> Result<Self, String> {
        let mut wanted = Self::default();
        for (name, value) in query {
            let (understood, expected) = match name.as_str() {
                "follow" => (switch(value).map(|follow| wanted.follow = follow), "1 or 0"),
                "tail" => (
                    value.parse().ok().map(|tail| wanted.tail = Some(tail)),
                    "a number of records",
                ),
                "level" => (
                    value.parse().ok().map(|level| wanted.level = Some(level)),
                    "trace, debug, info, warn or error",
                ),
                _ => {
                    return Err(format!(
                        "unknown parameter {name:?}: there are follow, tail and level"
                    ));
                }
            };
            if understood.is_none() {
                return Err(format!("{name}={value:?} is not {expected}"));
            }
        }
        Ok(wanted)
    }
}

fn switch(value: &str) -> Option<bool> {
    match value {
        "1" | "true" => Some(true),
        "0" | "false" => Some(false),
        _ => None,
    }
}
