//! circular's own way from an event to a record. The one place that knows how its layers are made.

use circular_core::Ring;
use circular_tracing::RingLayer;
use tracing_subscriber::{Layer, Registry};

pub(crate) const TEXT: &str = "RingLayer";
pub(crate) const TEXT_DOES: &str =
    "writes fmt's line into a buffer of the thread, and that to the ring";
pub(crate) const JSON: &str = "RingLayer, JSON";
pub(crate) const JSON_DOES: &str = "the same, with fmt's JSON";

pub(super) fn ring_text_layer(ring: Ring) -> impl Layer<Registry> + Send + Sync {
    RingLayer::new(ring)
}

pub(super) fn ring_json_layer(ring: Ring) -> impl Layer<Registry> + Send + Sync {
    RingLayer::new(ring).json()
}
