//! The simulated service, the stub gateway and the sandbox that the tests run the real programs in.
