//! What lies where in a ring's memory: pure, and fuzzed.

pub(crate) mod header;
#[cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "some of it is for the ring in a file, which comes next"
    )
)]
pub(crate) mod layout;
pub(crate) mod prepared;
pub(crate) mod word;
