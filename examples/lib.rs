#![doc = include_str!("../README.md")]

#[doc = include_str!("../circular-core/README.md")]
pub mod core {}

#[doc = include_str!("../circular-tracing/README.md")]
pub mod tracing {}

#[doc = include_str!("../circular-log/README.md")]
pub mod log {}

#[doc = include_str!("../circular-view/README.md")]
pub mod view {}

#[doc = include_str!("../circular-http/README.md")]
pub mod http {}

#[doc = include_str!("../docs/recipes.md")]
pub mod recipes {}
