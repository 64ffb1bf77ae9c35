//! Measures operations in the same way as the workers in Go and Python.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::time::Instant;

use serde_json::{json, Value};

use crate::peer::Peer;

/// Runs a peer's operations and reports the resources that they took.
pub struct Worker {
    peer: Peer,
    base: u64, // bytes of memory that the process has for its model
}

impl Worker {
    pub fn new(peer: Peer) -> Self {
        Worker { peer, base: 0 }
    }

    pub fn answer(&mut self, line: &str) -> Result<Value, Box<dyn Error>> {
        if line == "trim" {
            trim();
            self.base = status("VmRSS");
            return Ok(json!({}));
        }
        self.measure(line)
    }

    fn measure(&mut self, op: &str) -> Result<Value, Box<dyn Error>> {
        let saves = op.starts_with("save");
        let (what, directory) = match op.strip_suffix(" to memory") {
            Some(what) => (what, self.peer.task.memory.clone()),
            None => (op, self.peer.task.dir.clone()),
        };
        let file = directory.join(crate::peer::FILE);
        if saves {
            remove(&file)?;
            // Pending writes of other programs and of the removal do not belong to this save.
            unsafe { libc::sync() };
        } else if what == "restore" {
            self.peer.clear();
            warm(&file)?;
        }
        reset_peak();
        let before = count_io();
        let start = Instant::now();
        self.peer.run(what, &file)?;
        let unsynced = start.elapsed();
        if saves {
            File::open(&file)?.sync_all()?;
            File::open(&directory)?.sync_all()?;
        }
        let seconds = start.elapsed();
        let after = count_io();
        let peak = status("VmHWM");
        if what == "restore" {
            self.peer.check()?;
        }
        if directory == self.peer.task.memory {
            remove(&file)?;
        }
        Ok(json!({
            "seconds": seconds.as_secs_f64(),
            "unsynced": unsynced.as_secs_f64(),
            "peak": peak.saturating_sub(self.base),
            "read": after.0 - before.0,
            "written": after.1 - before.1,
        }))
    }
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

/// Reads the file into the page cache.
fn warm(file: &Path) -> io::Result<()> {
    let mut file = File::open(file)?;
    let mut buffer = vec![0; 1 << 20];
    while file.read(&mut buffer)? > 0 {}
    Ok(())
}

/// Returns free memory to the system, so that the process keeps only its model.
fn trim() {
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::malloc_trim(0);
    }
}

/// A number of bytes in Linux's statistics of this process, or 0 on other systems.
fn status(name: &str) -> u64 {
    field("/proc/self/status", name) << 10
}

/// The bytes read and written through system calls.
fn count_io() -> (u64, u64) {
    (
        field("/proc/self/io", "rchar"),
        field("/proc/self/io", "wchar"),
    )
}

/// The most memory that the process had, in bytes.
pub fn peak() -> u64 {
    status("VmHWM")
}

fn field(file: &str, name: &str) -> u64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| *key == name)
        .and_then(|(_, value)| value.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

fn reset_peak() {
    let _ = fs::write("/proc/self/clear_refs", "5"); // only Linux has it
}
