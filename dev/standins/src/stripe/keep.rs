//! Keeps the account in a file, so that a stand-in that is started again knows its customers.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::world::{Kept, World};
use crate::admin::lock;

/// How often the account is looked at: what changed within this time before the end is lost.
const EVERY: Duration = Duration::from_millis(200);

/// Gives the account what the file has; nothing if there is no file yet.
pub(super) fn load(world: &mut World, file: &Path) -> io::Result<()> {
    if !file.exists() {
        return Ok(());
    }
    let text = fs::read_to_string(file)?;
    let kept: Kept = serde_json::from_str(&text)?;
    // Links to the hosted pages lead to where those are now.
    let moved = text.replace(&kept.base_url, &world.base_url);
    world.restore(serde_json::from_str(&moved)?);
    Ok(())
}

/// Writes the account whenever it has changed, until the server stops.
pub(super) async fn save(world: Arc<Mutex<World>>, file: PathBuf) {
    let mut written = String::new();
    loop {
        tokio::time::sleep(EVERY).await;
        let text = serde_json::to_string(&lock(&world).kept()).unwrap_or_default();
        if text == written {
            continue;
        }
        match write(&file, &text) {
            Ok(()) => written = text,
            Err(error) => eprintln!("{} is not written: {error}", file.display()),
        }
    }
}

fn write(file: &Path, text: &str) -> io::Result<()> {
    let draft = file.with_extension("new");
    fs::write(&draft, text)?;
    fs::rename(&draft, file)
}
