//! The floor: what an operation costs with nothing but the work that nobody can spare it.
//!
//! `floor serve PORT DATABASE` answers under `/bare/` with one parse, one signature and one statement, and under `/same/`
//! with the statements that Lanyard sends, one commit for many. DATABASE is a copy of Lanyard's. `floor scim` does so for provisioning. `floor hash` prints what the reference password hash costs,
//! `floor verify` what a signature does, and `floor proofs` makes DPoP proofs to send. No checks, no policy: not a product.

mod bare;
mod database;
mod hash;
mod proof;
mod same;
mod scim;
mod token;

use std::sync::Arc;

use axum::Router;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [_, "serve", port, database] => serve(port.parse().expect("a port"), database).await,
        [_, "scim", port, database] => listen(port.parse().expect("a port"), scim::router(database)).await,
        [_, "hash"] => hash::measure(),
        [_, "verify"] => proof::measure(),
        [_, "proofs", count, url, ref rest @ ..] => {
            proof::print(count.parse().expect("a number"), url, rest.first().copied())
        }
        _ => eprintln!(
            "floor serve PORT DATABASE | floor scim PORT DATABASE | floor hash | floor verify | floor proofs COUNT URL [NONCE]"
        ),
    }
}

async fn serve(port: u16, database: &str) {
    let tokens = Arc::new(token::Tokens::new());
    bare::seed(database);
    let router = Router::new()
        .nest("/bare", bare::router(database, tokens.clone()))
        .nest("/same", same::router(database, tokens));
    listen(port, router).await;
}

async fn listen(port: u16, router: Router) {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.expect("the port is free");
    println!("ready");
    axum::serve(listener, router).await.expect("serves");
}
