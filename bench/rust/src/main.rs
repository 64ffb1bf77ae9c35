//! The peer of bench/ that is written in Rust: the safetensors crate itself, without Python around it.
//!
//! With the argument `versions` it prints the crate's version. Otherwise the argument is a task in JSON; the worker makes its
//! model and then answers each line of its input with a line of JSON: the name of an operation with what it took, `trim` with
//! nothing.

mod measure;
mod peer;

use std::error::Error;
use std::io::{self, BufRead, Write};

use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let argument = std::env::args()
        .nth(1)
        .ok_or("the argument is a task, or `versions`")?;
    if argument == "versions" {
        println!("{}", json!({"safetensors-rs": locked("safetensors")}));
        return Ok(());
    }
    let mut worker = measure::Worker::new(peer::Peer::new(serde_json::from_str(&argument)?)?);
    let mut out = io::stdout().lock();
    writeln!(out, "{{}}")?;
    out.flush()?;
    for line in io::stdin().lock().lines() {
        let answer = match worker.answer(line?.trim()) {
            Ok(answer) => answer,
            Err(e) => json!({"error": e.to_string()}),
        };
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

/// The version of a package that this program was built with.
fn locked(package: &str) -> &str {
    include_str!("../Cargo.lock")
        .split_once(&format!("name = \"{package}\"\nversion = \""))
        .and_then(|(_, rest)| rest.split('"').next())
        .unwrap_or_default()
}
