//! Signing in: the factors a person proves themselves with, and the order they are asked for.

pub mod factor;
