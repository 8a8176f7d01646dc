//! The HTTP API of the ClawdTalk service: one client, errors that know their exit code, retries that never do a thing twice.
//! The functions for single endpoints live in the tools that call them.
//!
//! # The contract
//!
//! There is no public specification. What follows was seen in captures of the service, or is what its own clients rely on;
//! the tools depend on nothing else. Every field may be missing, every word may be unknown, unless it says otherwise.
//!
//! Base `https://clawdtalk.com`; `Authorization: Bearer <key>` on every request; bodies are JSON. Ids are opaque texts (some
//! are long decimal numbers, never to be read as numbers). Times are RFC 3339 in UTC.
//!
//! | endpoint | response |
//! |---|---|
//! | `GET /v1/me` | the account, bare: `phone` (the owner's), `effective_tier`, `quota`, `usage_today`, `usage_this_month` |
//! | `GET /v1/doctor/{critical,warnings,recommended,infra}` | `checks[]`: `id`, `status` (pass, warn, fail), `detail` |
//! | `POST /v1/calls` | 202, bare: `call_id`, `status` (`initiating`), `direction`. Without `to` it calls the owner |
//! | `GET /v1/calls/{id}` | bare: `call_id`, `direction`, `status`, `started_at`, `duration_seconds`; see [`crate::call_outcome`] |
//! | `POST /v1/calls/{id}/end` | bare: `call_id`, `status` (`ending`) |
//! | `POST /v1/messages/send` | bare: `id`, `telnyx_message_id`, `status` (`sent`), `from`, `to` |
//! | `GET /v1/messages` | `messages[]`, `pagination` (`page`, `limit`, `total`, `pages`); `body` is null for an MMS |
//! | `GET /v1/messages/conversations` | `conversations[]`: `contact`, `last_message`, `last_message_at` |
//! | `POST /v1/approvals` | 201, bare: `request_id`, `status`, `expires_at`, `devices_notified`, `devices_failed` |
//! | `GET /v1/approvals/{id}` | bare: `request_id`, `action`, `status`, …; see [`crate::approval_status`]. There is no cancelling |
//! | `POST /v1/missions`, `…/{id}/cancel`, `GET …/{id}` | `mission`. Creating one also creates a run of its own at Telnyx |
//! | `GET /v1/missions` | `missions[]`, without paging |
//! | `…/missions/{id}/runs`, `…/runs/{run}` and below (`plan`, `events`, `agents`) | Telnyx's rows in `data`, lists with `meta`; the key of a run is `run_id` |
//! | `GET /v1/missions/conversations/{id}/insights` | `data`: a list with `conversation_insights[].result`, or one object with `summary` |
//! | `…/v1/assistants`, `…/{id}` | `assistant`, `assistants[]`; `…/{id}/connection-id` has `connection_id` |
//! | `…/assistants/{id}/events`, `…/{event}` | a scheduled event, bare or in `event`; a list in `events[]` |
//! | `…/v1/numbers/account-phones` | `data[]`, `…/available` has `phone` or null |
//!
//! # Errors
//!
//! The service's own shape is `{"error": {"code": "…", "message": "…"}}`. Fronts before it answer other JSON
//! (`{"error": "…"}`, `{"message": …}`, `{"errors": [{"code": …, "detail": …}]}`), HTML, or nothing. An error of Telnyx
//! comes as 500 with code `internal` and a message such as `Telnyx API error (400): {"errors": […]}`, so a 500 may be a mistake
//! of the caller's ([`TelnyxError`]). Codes with a meaning: `not_found`, `missing_field`, `step_not_found`,
//! `quota_exceeded`, `internal`.
//!
//! Which responses prove that a POST had no effect ([`Refusal::proves_no_effect`]); after all others it is *unconfirmed*
//! (exit 8) and is not sent again:
//!
//! | response | proves it | sent again |
//! |---|---|---|
//! | none, and not one byte was sent | yes | yes |
//! | 400 to 405, 410, 411, 413 to 417, 421, 426, 428, 431, 451 | yes | no |
//! | 429 | yes | yes, after `Retry-After` |
//! | 409, 422 in the service's own shape, unless they speak of an earlier request | yes | no |
//! | 503 in the service's own shape with `Retry-After` | yes | yes, then |
//! | 500 in its own shape that wraps one of these statuses of Telnyx, except code 10008 (a time-out) | yes | as for that status |
//! | any other status, a redirect to another path, a 2xx without the promised field, a lost response | no | no |
//!
//! GET, PATCH and DELETE are sent again after lost responses and 5xx, since that changes nothing more. If no attempt of a
//! PATCH or DELETE had a certain answer, it is unconfirmed as well. A 2xx that is empty, `null` or says `"success": false` is
//! no success; to a DELETE an empty one is.
//!
//! Whether the service obeys an `idempotency-key` (Telnyx does: 1 to 255 of `A-Za-z0-9_-`, for a day; another body with the same
//! key is 422, one that is still in progress 409) is not known. Every POST has one all the same.

mod client;
mod error;
mod error_body;
mod json_response;
mod refusal;
mod request;
mod retry;
mod service;
mod telnyx_error;
mod url_path;

pub use client::Client;
pub use error::Error;
pub use json_response::JsonResponse;
pub use refusal::Refusal;
pub use request::{Request, RequestLine};
pub use service::Service;
pub use telnyx_error::TelnyxError;
pub use url_path::{UrlPath, url_path};

#[cfg(test)]
mod client_tests;
#[cfg(test)]
mod error_tests;
