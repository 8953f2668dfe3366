//! Fills a ring in a file for `ci/look_cost.sh`: `fill DIR PROGRAM CAPACITY RECORDS [EVERY_MS]`.
//!
//! Records are of 128 bytes, line end included, and their times go up to now, a hundred thousand a second. With EVERY_MS, they are
//! written one by one, so many milliseconds apart, with the time of the write.

use std::env;
use std::error::Error;
use std::thread;
use std::time::{Duration, SystemTime};

use circular_core::{Level, Meta, Ring};

const LINE: usize = 128;
const GAP: Duration = Duration::from_micros(10);

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [dir, program, capacity, records, every @ ..] = &args[..] else {
        return Err("fill DIR PROGRAM CAPACITY RECORDS [EVERY_MS]".into());
    };
    let records: u32 = records.parse()?;
    let every = every.first().map(|every| every.parse()).transpose()?;
    let builder = Ring::builder().capacity(capacity.parse()?);
    let ring = builder.mapped_in(dir, program).build()?;
    let begin = SystemTime::now() - GAP * records;
    for number in 0..records {
        let mut line = format!("request {number} took 17 ms, and found what it was looking for ");
        line.extend(std::iter::repeat_n('x', LINE - 1 - line.len()));
        line.push('\n');
        let meta = Meta::new().level(Level::Info).target("shop::requests");
        match every {
            None => ring.record(meta.time(begin + GAP * number), line.as_bytes())?,
            Some(every) => {
                ring.record(meta.time(SystemTime::now()), line.as_bytes())?;
                thread::sleep(Duration::from_millis(every));
            }
        }
    }
    Ok(())
}
