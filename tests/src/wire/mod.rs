//! What both simulated servers need of the wire: byte streams, HTTP/1.1, WebSocket frames, and a stop that interrupts every wait.

#[cfg(test)]
pub(crate) mod client;
pub(crate) mod http;
pub(crate) mod listener;
pub(crate) mod stop;
pub(crate) mod stream;
pub(crate) mod websocket;
