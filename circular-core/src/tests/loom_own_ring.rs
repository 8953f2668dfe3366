//! A sink that writes into its own ring: invariant 8, and what 4 says of such writes.

use super::{model, reader, ring, write};
use crate::sink::feed;
use crate::storage::WORD;
use crate::{Notice, Policy};
use loom::thread;
use std::io::{self, ErrorKind, Write};
use std::sync::Arc;

/// Answers each record below 10 with another, and fails when it has had enough.
struct Sink<F> {
    answer: F,
    names: Vec<u8>,
    enough: usize,
}

impl<F: FnMut(u8)> Write for &mut Sink<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for record in bytes.chunks(WORD) {
            let name = record[0];
            assert_eq!(record, [name; WORD], "torn");
            self.names.push(name);
            if name < 10 {
                (self.answer)(name + 10);
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.names.len() >= self.enough {
            return Err(ErrorKind::Other.into());
        }
        Ok(())
    }
}

/// Its ring is full as a rule, and it is the only one who could make room.
#[test]
fn loom_a_sink_that_writes_to_its_own_full_ring_ends() {
    model(
        Some(2),
        ["overtook itself", "found room"],
        |[overtook, room]| {
            let shared = ring(2);
            let pass = reader(&shared, Policy::Block);
            let writer = Arc::clone(&shared);
            let writer = thread::spawn(move || {
                for name in 1..=3 {
                    assert!(write(&writer, name));
                }
            });
            let answers = Arc::clone(&shared);
            let mut sink = Sink {
                answer: |name| assert!(write(&answers, name)),
                names: Vec::new(),
                enough: 3,
            };
            feed(pass, &mut sink, Notice::None).unwrap_err();
            writer.join().unwrap();
            let overtakes = shared.lock().unwrap().counts.overtakes;
            // Nothing is lost but by an answer that could not wait.
            let own: Vec<u8> = sink
                .names
                .iter()
                .copied()
                .filter(|name| *name < 10)
                .collect();
            assert!(
                overtakes > 0 || own.iter().copied().eq(1..=own.len() as u8),
                "{own:?}"
            );
            overtook.occurred_if(overtakes > 0);
            room.occurred_if(overtakes == 0);
        },
    );
}
