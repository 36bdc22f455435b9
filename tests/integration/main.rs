//! The one integration binary: a folder per feature, a file per specification.

mod architecture;
mod operations;
mod oauth;
