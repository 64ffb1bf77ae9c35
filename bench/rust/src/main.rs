//! The peer of bench/ that is written in Rust: the safetensors crate without Python.
//!
//! With the argument `versions` it prints the crate's version. Otherwise the argument is a task in JSON. The program makes
//! the task's model and answers each line of its input with a line of JSON: the name of an operation with its measurements,
//! and `trim` with nothing.

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
    let task: peer::Task = serde_json::from_str(&argument)?;
    if task.once == "load" {
        return load(&task);
    }
    let mut worker = measure::Worker::new(peer::Peer::new(task)?);
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

/// Loads a file in a new process, and reports when it began, when it ended, and the memory that it took.
fn load(task: &peer::Task) -> Result<(), Box<dyn Error>> {
    println!("{{}}");
    let model = peer::load(task)?;
    println!("{{}}");
    let peak = measure::peak();
    let answer = match peer::check(task, &model) {
        Ok(()) => json!({"peak": peak}),
        Err(e) => json!({"peak": peak, "error": e.to_string()}),
    };
    println!("{answer}");
    Ok(())
}

/// The version of a package that this program was built with.
fn locked(package: &str) -> &str {
    include_str!("../Cargo.lock")
        .split_once(&format!("name = \"{package}\"\nversion = \""))
        .and_then(|(_, rest)| rest.split('"').next())
        .unwrap_or_default()
}
