//! The device as which `connect` is paired with the gateway: an Ed25519 key of its own, in a file that only its owner reads.

use std::fmt::{self, Write as _};
use std::path::Path;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde::{Deserialize, Serialize};

use crate::exit::Fault;
use crate::storage::file;

/// A device: its id, and the key that proves it.
pub struct Device {
    id: String,
    key: Ed25519KeyPair,
}

/// The file.
#[derive(Serialize, Deserialize)]
struct DeviceFile {
    format: u32,
    /// The key, PKCS #8, in base64.
    key: String,
}

impl Device {
    /// The device in a file; `None` if there is none. Fails (exit 3) if the file holds no key.
    pub fn load(path: &Path) -> anyhow::Result<Option<Self>> {
        let Some(bytes) = file::read(path)? else { return Ok(None) };
        let device = serde_json::from_slice::<DeviceFile>(&bytes)
            .ok()
            .and_then(|file| STANDARD.decode(file.key).ok())
            .and_then(|key| Self::of(&key));
        device.map(Some).ok_or_else(|| {
            let path = path.display();
            Fault::not_configured(format!("`{path}` holds no key of a device"))
                .hint(format!("run `rm {path}` and `setup --gate`, which makes a new one"))
                .into()
        })
    }

    /// The device in a file, which is made with a new key if there is none. Fails if it cannot be read or written.
    pub fn load_or_create(path: &Path) -> anyhow::Result<Self> {
        if let Some(device) = Self::load(path)? {
            return Ok(device);
        }
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
            .ok()
            .context("the system has no random numbers for a key")?;
        let document = DeviceFile { format: 1, key: STANDARD.encode(key.as_ref()) };
        file::replace(path, &serde_json::to_vec(&document)?)?;
        Self::of(key.as_ref()).context("reading the key that was just made")
    }

    fn of(pkcs8: &[u8]) -> Option<Self> {
        let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).ok()?;
        let hash = digest(&SHA256, key.public_key().as_ref());
        let mut id = String::with_capacity(64);
        for byte in hash.as_ref() {
            // Writing to memory does not fail.
            let _ = write!(id, "{byte:02x}");
        }
        Some(Self { id, key })
    }

    /// Its id: the SHA-256 of its public key, in hexadecimal digits.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its public key in base64url.
    pub fn public_key(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.key.public_key().as_ref())
    }

    /// The signature of a text in base64url.
    pub fn sign(&self, text: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.key.sign(text.as_bytes()).as_ref())
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Device({})", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::Device;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_device_is_made_once_and_for_its_owner_alone() {
        let dir = std::env::temp_dir().join(format!("device-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let path = dir.join("device.json");
        assert!(Device::load(&path).unwrap().is_none());
        let made = Device::load_or_create(&path).unwrap();
        let permissions = std::fs::metadata(&path).unwrap().permissions();
        assert_eq!(permissions.mode() & 0o777, 0o600);
        let again = Device::load_or_create(&path).unwrap();
        assert_eq!((made.id(), made.public_key()), (again.id(), again.public_key()));
        assert_eq!(made.sign("x"), again.sign("x"));
        assert_eq!(made.id().len(), 64);
        super::file::replace(&path, b"{}").unwrap();
        assert!(format!("{:#}", Device::load(&path).unwrap_err()).contains("no key"));
        std::fs::remove_dir_all(dir).unwrap();
    }
}
