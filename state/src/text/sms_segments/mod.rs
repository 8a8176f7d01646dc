//! What a text costs: the alphabet that it is sent in, and the segments that it is cut into.

mod count;
mod prefix;

pub use count::{Encoding, MAX_SEGMENTS, Segments};
pub use prefix::prefix;
