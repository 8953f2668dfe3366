//! Whoever looks at the log, from the first byte to the end of the connection.

pub(crate) mod begin;
pub(crate) mod bookmark;
pub(crate) mod budget;
pub(crate) mod connection;
pub(crate) mod ending;
pub(crate) mod format;
pub(crate) mod gzip;
pub(crate) mod lane;
pub(crate) mod log;
pub(crate) mod sources;
pub(crate) mod stream;
pub(crate) mod turn;
pub(crate) mod untaken;
pub(crate) mod viewers;
