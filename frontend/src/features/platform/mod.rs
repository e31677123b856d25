//! What serves the whole of the product.

pub mod privacy;
pub mod rules;
