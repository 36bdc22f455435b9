//! The reference password hash: Argon2id, 19 MiB, two passes, with fresh memory for each.

use std::{hint::black_box, time::Instant};

use argon2::{Algorithm, Argon2, Params, Version};

pub fn measure() {
    let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(19_456, 2, 1, None).expect("in range"));
    let mut times: Vec<f64> = (0..15)
        .map(|_| {
            let (mut digest, start) = ([0; 32], Instant::now());
            hasher.hash_password_into(b"Lanyard-demo-2026!", b"0123456789abcdef", &mut digest).expect("hashes");
            black_box(digest);
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("{:.0}", times[times.len() / 2]);
}
