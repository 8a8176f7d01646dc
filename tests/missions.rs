//! `missions`, as its users run it: the contract of telnyx_api.py.

use harness::contract;

const MISSIONS: &str = env!("CARGO_BIN_EXE_missions");

#[test]
fn the_contract_of_the_script_holds() {
    contract::check_all("m-", MISSIONS, &[]);
}
