//! What `setup`, `uninstall` and `status` share.
