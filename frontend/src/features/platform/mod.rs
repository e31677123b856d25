//! What serves the whole of the product.

pub mod data_map;
pub mod privacy;
