//! Holds the layers of this crate: no file uses a folder below its own in the list of [`crate`].

use std::fs;
use std::path::{Path, PathBuf};

/// The layers, the lowest first; folders of the same layer do not use each other.
const LAYERS: [&[&str]; 10] = [
    &["exit"],
    &["text"],
    &["process"],
    &["storage"],
    &["gateway_config"],
    &["config"],
    &["http"],
    &["api", "gateway"],
    &["service"],
    &["failure"],
];

fn layer_of(name: &str) -> usize {
    let found = LAYERS.iter().position(|layer| layer.contains(&name));
    found.unwrap_or_else(|| panic!("`{name}` is in no layer"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let files = files.into_iter().filter(|path| path.extension().is_some_and(|it| it == "rs"));
    files.chain(folders.iter().flat_map(|folder| sources(folder))).collect()
}

#[test]
fn no_file_uses_a_higher_layer() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut n_uses = 0;
    for path in sources(&root) {
        let inside = path.strip_prefix(&root).unwrap();
        let own = inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
        if ["lib", "layers"].contains(&own) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        // Doc comments may point anywhere.
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            for used in line.split("crate::").skip(1) {
                let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let used = used.split(|c| !is_name(c)).next().unwrap();
                let is_lower = layer_of(used) < layer_of(own) || used == own;
                assert!(is_lower, "{}: {}", inside.display(), line.trim());
                n_uses += 1;
            }
        }
    }
    assert!(n_uses > 100, "{n_uses} uses were found");
}
