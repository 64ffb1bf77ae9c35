//! The safetensors crate with the tensors of a workload.

use std::borrow::Cow;
use std::collections::HashMap;
use std::error::Error;
use std::fs::File;
use std::path::{Path, PathBuf};

use memmap2::Mmap;
use safetensors::{serialize_to_file, Dtype, SafeTensors, View};
use serde::Deserialize;

/// The name of a save in its directory.
pub const FILE: &str = "safetensors-rs";

/// The argument with which a worker is started.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Task {
    kind: String,
    tensors: usize,
    elements: usize,
    pub dir: PathBuf,
    pub memory: PathBuf,
    picks: Option<Vec<Pick>>,
    pub once: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Pick {
    index: usize,
}

struct Tensor {
    shape: [usize; 1],
    data: Vec<f32>,
}

impl View for &Tensor {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn data(&self) -> Cow<'_, [u8]> {
        bytemuck::cast_slice(&self.data).into()
    }
    fn data_len(&self) -> usize {
        self.data.len() * 4
    }
}

pub struct Peer {
    pub task: Task,
    model: HashMap<String, Tensor>,
    stored: PathBuf,
    opened: Option<SafeTensors<'static>>, // the stored file, if single tensors of it are read
    picked: Vec<f32>,                     // the single tensors are copied to it
}

impl Peer {
    pub fn new(task: Task) -> Result<Self, Box<dyn Error>> {
        let tensors = if task.kind == "model" {
            task.tensors
        } else {
            0
        };
        let model = (0..tensors)
            .map(|i| {
                let data = (0..task.elements).map(|j| value(i, j)).collect();
                (
                    format!("list/{i}"),
                    Tensor {
                        shape: [task.elements],
                        data,
                    },
                )
            })
            .collect();
        let stored = task.dir.join("model.safetensors");
        let mut peer = Peer {
            task,
            model,
            stored,
            opened: None,
            picked: Vec::new(),
        };
        if peer.task.kind == "pick" {
            peer.picked = vec![0.0; peer.task.elements];
            let map = Box::leak(Box::new(map(&peer.stored)?)); // lives as long as the process
            peer.opened = Some(SafeTensors::deserialize(map)?);
        }
        Ok(peer)
    }

    pub fn run(&mut self, op: &str, file: &Path) -> Result<(), Box<dyn Error>> {
        match op {
            "save" => serialize_to_file(&self.model, None, file)?,
            "restore" => self.restore(file)?,
            "open and find" => {
                for pick in self.task.picks.iter().flatten() {
                    let map = map(&self.stored)?;
                    SafeTensors::deserialize(&map)?.tensor(&pick.index.to_string())?;
                }
            }
            "open and list" => {
                let map = map(&self.stored)?;
                let found = SafeTensors::deserialize(&map)?.names().len();
                if found != self.task.tensors {
                    return Err(format!("{found} tensors are listed").into());
                }
            }
            "read one" => {
                let opened = self.opened.as_ref().ok_or("no file is open")?;
                for pick in self.task.picks.iter().flatten() {
                    copy(
                        opened.tensor(&pick.index.to_string())?.data(),
                        &mut self.picked,
                    );
                }
            }
            "open and read one" => {
                for pick in self.task.picks.iter().flatten() {
                    let map = map(&self.stored)?;
                    let tensors = SafeTensors::deserialize(&map)?;
                    copy(
                        tensors.tensor(&pick.index.to_string())?.data(),
                        &mut self.picked,
                    );
                }
            }
            _ => return Err("no such operation".into()),
        }
        Ok(())
    }

    /// Copies the file's tensors into those of the model. It maps the file as in the crate's documentation.
    fn restore(&mut self, file: &Path) -> Result<(), Box<dyn Error>> {
        let map = map(file)?;
        let tensors = SafeTensors::deserialize(&map)?;
        for (name, tensor) in &mut self.model {
            copy(tensors.tensor(name)?.data(), &mut tensor.data);
        }
        Ok(())
    }

    /// Changes a value, so that a check notices if it is not restored.
    pub fn clear(&mut self) {
        for tensor in self.model.values_mut() {
            tensor.data.fill(0.0);
        }
    }

    pub fn check(&self) -> Result<(), Box<dyn Error>> {
        for i in 0..self.task.tensors {
            let data = &self.model[&format!("list/{i}")].data;
            if let Some(j) = (0..data.len()).find(|&j| data[j] != value(i, j)) {
                return Err(
                    format!("value {j} of tensor {i} is {} after the restore", data[j]).into(),
                );
            }
        }
        Ok(())
    }
}

/// Copies the tensors of a file into new memory. It maps the file as in the crate's documentation.
pub fn load(task: &Task) -> Result<Vec<Vec<f32>>, Box<dyn Error>> {
    let map = map(&task.dir.join("model.safetensors"))?;
    let tensors = SafeTensors::deserialize(&map)?;
    (0..task.tensors)
        .map(|i| {
            let data = tensors.tensor(&format!("list.{i}"))?.data();
            let mut copied = Vec::with_capacity(data.len() / 4);
            copied.extend(data.chunks_exact(4).map(bytemuck::pod_read_unaligned::<f32>));
            Ok(copied)
        })
        .collect()
}

/// Compares the loaded values with those of every peer.
pub fn check(task: &Task, model: &[Vec<f32>]) -> Result<(), Box<dyn Error>> {
    for (i, data) in model.iter().enumerate() {
        let wrong = (0..task.elements).find(|&j| data.get(j) != Some(&value(i, j)));
        if let Some(j) = wrong {
            return Err(format!("value {j} of tensor {i} is not what was saved").into());
        }
    }
    Ok(())
}

/// Value j of tensor i, the same in every peer.
fn value(i: usize, j: usize) -> f32 {
    ((i + j) & 0xffff) as f32
}

fn map(file: &Path) -> Result<Mmap, Box<dyn Error>> {
    // Nobody else changes the benchmark's files.
    Ok(unsafe { Mmap::map(&File::open(file)?)? })
}

fn copy(from: &[u8], to: &mut [f32]) {
    bytemuck::cast_slice_mut(to).copy_from_slice(from);
}
