//! One HTTP request, ready to be sent.

use std::fmt;

/// The methods that are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Starts something; to send it twice does it twice.
    Post,
    /// Sets values; to send it twice changes nothing more.
    Patch,
    /// Removes; to send it twice changes nothing more.
    Delete,
}

impl Method {
    /// The name of the method in the request.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Whether sending it twice has the same effect as sending it once: true of all but POST.
    pub(crate) fn is_idempotent(self) -> bool {
        self != Self::Post
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One request.
#[derive(Clone, Copy, Debug)]
pub struct HttpRequest<'a> {
    /// The method.
    pub method: Method,
    /// The whole address.
    pub url: &'a str,
    /// Headers beside those of every request; names in lower case.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body, JSON; `None` for none.
    pub body: Option<&'a [u8]>,
}
