//! What is compared: a run, or one checkpoint.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::facts::{Damaged, Facts};
use super::target::{self, Target};
use crate::app::error::Error;
use crate::app::meta::Scenarios;
use crate::base::Digest;
use crate::store::journal::Record;
use crate::store::{Manifest, RunView, StoreError};

/// One of two that are compared.
pub struct Side {
    /// As it was named.
    pub name: String,
    /// What it is a run of, if that is known.
    pub facts: Option<Facts>,
    /// The digests of its state, by tick.
    pub digests: BTreeMap<u64, Digest>,
    /// Its checkpoints, oldest first.
    pub checkpoints: Vec<Manifest>,
    /// Where they lie.
    pub folder: PathBuf,
    /// Whether it is one checkpoint and not a run.
    pub is_checkpoint: bool,
    /// What of it cannot be read.
    pub damage: Vec<Damaged>,
}

impl Side {
    /// What a path names.
    pub fn of(path: &Path, scenarios: Scenarios) -> Result<Self, Error> {
        match target::of(path)? {
            Target::Run(view) => Self::run(path, &view, scenarios),
            Target::Manifest(file) => {
                let manifest = target::manifest(&file)?;
                let around = target::run_around(&file, manifest.run);
                Ok(Self {
                    name: path.display().to_string(),
                    facts: around.map(|view| Facts::of(&view.file, scenarios)),
                    digests: BTreeMap::from([(manifest.tick, manifest.digest)]),
                    checkpoints: vec![manifest],
                    folder: file.parent().unwrap_or(Path::new("")).to_owned(),
                    is_checkpoint: true,
                    damage: Vec::new(),
                })
            }
            Target::Segment(_) | Target::Journal(_) => Err(Error::Usage(format!(
                "`{}` is only a part of something that could be compared: a run's folder would be right, or \
                 ckpt/MANIFEST-*",
                path.display()
            ))),
        }
    }

    fn run(path: &Path, view: &RunView, scenarios: Scenarios) -> Result<Self, Error> {
        let found = view.checkpoints()?;
        let unreadable = found.unreadable.iter().map(|(generation, error)| Damaged::of(error, vec![*generation]));
        let mut side = Self {
            name: path.display().to_string(),
            facts: Some(Facts::of(&view.file, scenarios)),
            digests: BTreeMap::new(),
            folder: view.checkpoint_folder(),
            is_checkpoint: false,
            damage: unreadable.collect(),
            checkpoints: Vec::new(),
        };
        let journal = view.journal(found.manifests.last().map(|manifest| manifest.tick));
        for (tick, record) in &journal.records {
            match record {
                Record::Digest(digest) | Record::End(digest) => side.say(*tick, *digest, path),
                Record::Checkpoint { tick, digest, .. } => side.say(*tick, *digest, path),
                Record::Start { .. } | Record::Inputs(_) | Record::Sealed => {}
            }
        }
        side.damage.extend(journal.ending.err().map(|error| Damaged::of(&error, Vec::new())));
        found.manifests.iter().for_each(|manifest| side.say(manifest.tick, manifest.digest, path));
        side.checkpoints = found.manifests;
        Ok(side)
    }

    /// Takes note of a digest, which must be the one that is known.
    fn say(&mut self, tick: u64, digest: Digest, path: &Path) {
        let known = *self.digests.entry(tick).or_insert(digest);
        if known != digest {
            let why = format!("the digest of its state is {known} in one place and {digest} in another");
            let error = StoreError::damaged(path, 0, format!("the run at tick {tick}"), why);
            self.damage.push(Damaged::of(&error, Vec::new()));
        }
    }

    /// The last tick of which anything is known.
    pub fn reach(&self) -> Option<u64> {
        self.digests.keys().next_back().copied()
    }
}
