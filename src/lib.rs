//! Lanyard: single sign-on for clinics.
//!
//! Folders are features. The order of the modules below is the dependency rule: a module imports only modules declared
//! above it (`tests/integration/architecture.rs` checks it), so that reading downwards never needs what comes later.
//!
//! # What is where
//!
//! * **Ground**: [`clock`] and [`random`] are the only readers of time and chance; [`secret`], [`id`] and [`text`] parse what
//!   everything else is made of, [`expression`] the logic of filters and rules, [`setting`] what can be set.
//! * **Platform**: [`config`] reads `lanyard.toml`; [`storage`] is the database with its transactions; [`keys`] sign and seal;
//!   [`jose`] reads what others signed; [`audit`] records; [`jobs`] and [`mail`] do what can wait; [`outbound`] is the guarded way to others; [`geography`] knows where addresses are; [`app`] holds all that a
//!   node needs; [`web`] is what every page and endpoint shares, strings in three languages among it.
//! * **Domain**: [`session`]; [`directory`] with organizations, people, roles and where they hold; [`policy`];
//!   [`permission`] decides what somebody may do in Lanyard itself.
//! * **Signing in**: [`upstream`] is whom an organization trusts to say who its people are; [`ldap`] speaks to directories; [`authentication`], whose `flow` says which step is next;
//!   [`federation`] brings the people of upstreams.
//! * **Protocols**: [`oauth`], that is OAuth 2 and OpenID Connect; [`saml`], by which staff come from another identity provider; [`scim`], by which IT departments push people and groups.
//! * **Faces**: [`account`], the person's own pages.
//! * **Assembly**: [`server`] merges every feature's router, [`worker`] runs jobs, [`node`] is both; [`demo`] is a clinic to
//!   try with an app of its own; [`cli`] has one file per command.
//!
//! # How a request travels
//!
//! Parse, prove, load, decide, save, respond. An endpoint (`endpoint/`, `page/`, `web/`: the only files that know HTTP)
//! parses the request into types and proves who sends it; a store (`store/`, `storage/`: the only files that know SQL)
//! loads what is needed; a rule, which is a plain function, decides; one transaction saves the change with its audit event
//! and its jobs; then the answer goes out.
//!
//! # Where to begin reading
//!
//! * A token: `oauth/endpoint/token.rs`, then `oauth/grant/mod.rs`, then `oauth/token/claims.rs`.
//! * A sign-in: `authentication/endpoint/sign_in.rs`, then `authentication/signing_in.rs` and `authentication/flow.rs`.
//! * What a member may do where: `directory/access.rs`.
//! * A command: `cli/mod.rs`. A page: `account/page/overview.rs` with its template in `templates/account/`.

/// A request is many small pieces of memory, SQLite's too: this allocator spares a sign-in a quarter of its time.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

// ── ground ──
pub mod clock;
pub mod secret;
pub mod random;
pub mod id;
pub mod text;
pub mod expression;
pub mod setting;

// ── platform ──
pub mod config;
pub mod telemetry;
pub mod storage;
pub mod keys;
pub mod jose;
pub mod audit;
pub mod jobs;
pub mod mail;
pub mod limit;
pub mod outbound;
pub mod geography;
pub mod app;
pub mod web;

// ── domain ──
pub mod session;
pub mod directory;
pub mod policy;
pub mod permission;

// ── signing in ──
pub mod upstream;
pub mod ldap;
pub mod authentication;
pub mod federation;

// ── protocols ──
pub mod oauth;
pub mod saml;
pub mod scim;

// ── faces ──
pub mod account;

// ── assembly ──
pub mod server;
pub mod worker;
pub mod node;
pub mod demo;
pub mod cli;
