//! circular's own way from an event to a record. The one place that knows how its layers are made.

use circular_core::Ring;
use circular_tracing::RingWriter;
use tracing_subscriber::{Layer, Registry, fmt};

/// Whether `fmt` still does the formatting: its JSON allocates.
pub(crate) const IS_FMT: bool = true;

pub(crate) const TEXT: &str = "RingLayer";
pub(crate) const TEXT_DOES: &str = "formats as fmt does, and writes to a RingWriter";
pub(crate) const JSON: &str = "RingLayer, JSON";
pub(crate) const JSON_DOES: &str = "formats as fmt does, and writes to a RingWriter";

pub(super) fn ring_text_layer(ring: Ring) -> impl Layer<Registry> + Send + Sync {
    fmt::layer()
        .with_ansi(false)
        .with_writer(RingWriter::new(ring))
}

pub(super) fn ring_json_layer(ring: Ring) -> impl Layer<Registry> + Send + Sync {
    fmt::layer().json().with_writer(RingWriter::new(ring))
}
