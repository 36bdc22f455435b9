//! Lanyard: single sign-on for clinics.
//!
//! The order of the modules below is the dependency rule: a module imports only modules declared above it
//! (`tests/integration/architecture.rs` checks it).

// ── ground ──
pub mod clock;
pub mod secret;
pub mod random;
pub mod id;
pub mod text;

// ── platform ──
pub mod config;
pub mod telemetry;
pub mod storage;
pub mod keys;
pub mod audit;
pub mod jobs;
pub mod mail;
pub mod limit;
pub mod app;
pub mod web;

// ── domain ──
pub mod session;
pub mod directory;
pub mod policy;
pub mod permission;

// ── signing in ──
pub mod authentication;

// ── protocols ──
pub mod oauth;

// ── faces ──
pub mod account;

// ── assembly ──
pub mod server;
pub mod worker;
pub mod node;
pub mod demo;
pub mod cli;
