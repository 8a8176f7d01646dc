//! A request to the service before it is sent: method, path, query, headers and JSON body.

use std::fmt;

use serde_json::Value;

use super::url_path::{UrlPath, query};
use crate::http::Method;

/// A request to the service. For most, the methods of [`super::Client`] are shorter.
#[derive(Clone, Debug)]
pub struct Request {
    method: Method,
    path: UrlPath,
    query: Vec<(String, String)>,
    headers: Vec<(&'static str, String)>,
    body: Option<Value>,
}

/// The method and the path of a request, for errors: `POST /v1/calls`. Without the query, which may contain a phone
/// number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestLine {
    /// The method.
    pub method: Method,
    /// The path, percent-encoded.
    pub path: String,
}

impl Request {
    /// A request without query, headers and body.
    pub fn new(method: Method, path: impl Into<UrlPath>) -> Self {
        Self { method, path: path.into(), query: Vec::new(), headers: Vec::new(), body: None }
    }

    /// Adds a pair to the query; both sides are percent-encoded.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a header, such as `idempotency-key`. The name is in lower case.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sets the JSON body.
    #[must_use]
    pub fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    pub(super) fn method(&self) -> Method {
        self.method
    }

    /// The whole address at `base`.
    pub(super) fn url(&self, base: &str) -> String {
        format!("{base}{}{}", self.path, query(&self.query))
    }

    pub(super) fn headers(&self) -> &[(&'static str, String)] {
        &self.headers
    }

    /// The bytes of the body. A POST without one is sent with `{}`.
    pub(super) fn bytes(&self) -> Option<Vec<u8>> {
        match &self.body {
            Some(body) => Some(body.to_string().into_bytes()),
            None if self.method == Method::Post => Some(b"{}".to_vec()),
            None => None,
        }
    }

    pub(super) fn line(&self) -> RequestLine {
        RequestLine { method: self.method, path: self.path.to_string() }
    }
}

impl fmt::Display for RequestLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}
