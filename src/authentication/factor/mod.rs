//! What a person can prove themselves with; a factor knows nothing of the others.

pub mod hasher;
