//! What the eight tools share: configuration, files, the service, the gateway, output and exit codes.
pub mod parts;
