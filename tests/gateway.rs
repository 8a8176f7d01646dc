//! The gateway's client against the stub of three real versions: which turns the agent sees, and how often.

use std::time::Duration;

use harness::{AgentReply, GatewayVersion, RequestFault, SimulatedGateway};
use state::gateway::{
    CallVariant, FinishedRun, GatewayClient, GatewayEndpoint, Interface, SessionsSendAccess,
    TurnKind, TurnOutcome,
};
use state::secret::Secret;

const WITHIN: Duration = Duration::from_secs(20);
const VERSIONS: [GatewayVersion; 3] =
    [GatewayVersion::V2026_9_6, GatewayVersion::V2026_7_35, GatewayVersion::Clawdbot2026_1];

fn target(gateway: &SimulatedGateway) -> GatewayEndpoint {
    GatewayEndpoint::new(&gateway.url(), Some(Secret::new(gateway.token())), "main")
        .expect("the stub has an address")
}

fn client(gateway: &SimulatedGateway) -> GatewayClient {
    GatewayClient::new(target(gateway))
}

fn reply() -> TurnOutcome {
    TurnOutcome::Reply("You have two meetings.".to_owned())
}

#[test]
fn every_version_runs_one_turn_for_each_request() {
    for version in VERSIONS {
        let gateway = SimulatedGateway::of(version);
        let client = client(&gateway);
        for turn in
            [TurnKind::OwnerVoice, TurnKind::Walkie(None), TurnKind::StrangerVoice, TurnKind::Sms]
        {
            assert_eq!(
                client.run_turn(&turn, "What is on?", WITHIN),
                reply(),
                "{version:?} {turn:?}"
            );
        }
        let messages: Vec<String> = gateway.turns().into_iter().map(|turn| turn.message).collect();
        assert_eq!(messages, ["What is on?"; 4], "{version:?}");
    }
}

#[test]
fn the_form_of_each_version_is_found_without_a_detour() {
    for (version, form) in VERSIONS.into_iter().zip([
        CallVariant::WithCaller,
        CallVariant::WithoutCaller,
        CallVariant::WithoutCaller,
    ]) {
        let gateway = SimulatedGateway::of(version);
        let client = GatewayClient::new(target(&gateway).with_interface(Interface::SessionsSend));
        client.run_turn(&TurnKind::OwnerVoice, "hi", WITHIN);
        assert_eq!(client.working_variant(), Some(form), "{version:?}");
        assert_eq!(gateway.seen().len(), 2, "{version:?}: /startupz and the turn");
    }
}

#[test]
fn a_gateway_that_was_replaced_by_another_version_goes_on_replying() {
    for (version, stale) in
        VERSIONS.into_iter().zip([CallVariant::WithoutCaller, CallVariant::WithCaller])
    {
        let gateway = SimulatedGateway::of(version);
        let client = GatewayClient::new(target(&gateway).with_interface(Interface::SessionsSend));
        client.set_working_variant(stale);
        assert_eq!(client.run_turn(&TurnKind::OwnerVoice, "hi", WITHIN), reply(), "{version:?}");
        assert_ne!(client.working_variant(), Some(stale), "{version:?}");
        assert_eq!(gateway.turns().len(), 1, "{version:?}");
    }
}

#[test]
fn the_owner_goes_by_chat_where_every_version_has_it_on() {
    for version in VERSIONS {
        let gateway = SimulatedGateway::of(version);
        gateway.chat(true);
        assert_eq!(
            client(&gateway).run_turn(&TurnKind::OwnerVoice, "hi", WITHIN),
            reply(),
            "{version:?}"
        );
        let turn = gateway.turns().remove(0);
        assert_eq!((turn.session.as_str(), gateway.seen().len()), ("agent:main:main", 1));
    }
}

#[test]
fn a_turn_whose_reply_was_lost_is_never_run_again() {
    for fault in [RequestFault::Lost, RequestFault::Torn] {
        for chat in [false, true] {
            let gateway = SimulatedGateway::start();
            let path = if chat { "/v1/chat/completions" } else { "/tools/invoke" };
            gateway.chat(chat).fail("POST", path, fault, 1);
            let outcome = client(&gateway).run_turn(&TurnKind::OwnerVoice, "pay", WITHIN);
            assert!(matches!(outcome, TurnOutcome::Unconfirmed { .. }), "{fault:?} {outcome:?}");
            assert_eq!(gateway.turns().len(), 1, "{fault:?} chat {chat}");
        }
    }
}

#[test]
fn a_late_reply_is_found_by_its_run() {
    let gateway = SimulatedGateway::start();
    gateway.patience(Duration::from_millis(50)).hold();
    let client = client(&gateway);
    let outcome = client.run_turn(&TurnKind::OwnerVoice, "slow", WITHIN);
    let TurnOutcome::Accepted { run_id: Some(run_id) } = outcome else { panic!("{outcome:?}") };
    assert_eq!(client.finished_runs(&[&run_id]), []);
    gateway.release();
    gateway.wait_for(WITHIN, |log| (log.finished == 1).then_some(()));
    let outcome = TurnOutcome::Reply("You have two meetings.".to_owned());
    assert_eq!(
        client.finished_runs(&[&run_id]),
        [(run_id.as_str(), FinishedRun { outcome, is_certain: true })]
    );
}

#[test]
fn a_failed_turn_is_never_a_reply() {
    for version in VERSIONS {
        let gateway = SimulatedGateway::of(version);
        gateway.reply_with(|_| AgentReply::Failure("the model is down".to_owned()));
        for turn in [TurnKind::OwnerVoice, TurnKind::Sms] {
            let outcome = client(&gateway).run_turn(&turn, "hi", WITHIN);
            let is_told =
                matches!(outcome, TurnOutcome::Failed { .. } | TurnOutcome::Unanswered { .. });
            assert!(is_told, "{version:?} {outcome:?}");
        }
    }
}

#[test]
fn each_missing_thing_is_its_own_error() {
    let gateway = SimulatedGateway::start();
    gateway.allow(false);
    let outcome = client(&gateway).run_turn(&TurnKind::Sms, "hi", WITHIN);
    assert_eq!(outcome, TurnOutcome::ToolNotAllowed);
    assert!(outcome.hint().unwrap().contains(r#"gateway.tools.allow: ["sessions_send"]"#));
    gateway.allow(true).change_token("another-token");
    let stale =
        GatewayEndpoint::new(&gateway.url(), Some(Secret::new("stale-token")), "main").unwrap();
    assert_eq!(
        GatewayClient::new(stale).run_turn(&TurnKind::Sms, "hi", WITHIN),
        TurnOutcome::BadToken
    );
    assert_eq!(gateway.turns().len(), 0);
}

#[test]
fn a_draining_gateway_is_waited_for() {
    let gateway = SimulatedGateway::start();
    gateway.drain(true);
    let client = client(&gateway);
    let outcome = client.run_turn(&TurnKind::Sms, "hi", Duration::from_millis(1500));
    assert!(matches!(outcome, TurnOutcome::Busy { .. }), "{outcome:?}");
    let turn = std::thread::spawn(move || client.run_turn(&TurnKind::Sms, "hi", WITHIN));
    let n_seen = gateway.seen().len();
    gateway.wait_for(WITHIN, |log| (log.requests.len() > n_seen).then_some(()));
    gateway.drain(false);
    assert_eq!(turn.join().unwrap(), reply());
    assert_eq!(gateway.turns().len(), 1);
}

#[test]
fn a_probe_starts_no_turn_on_any_version() {
    for version in VERSIONS {
        let gateway = SimulatedGateway::of(version);
        let probe = client(&gateway).probe(WITHIN);
        assert_eq!(probe.sessions_send, SessionsSendAccess::Yes, "{version:?}");
        assert_ne!(probe.knows("main"), Some(false), "{version:?}");
        assert!(gateway.turns().is_empty(), "{version:?}");
    }
}

#[test]
fn many_turns_at_once_share_one_client() {
    let gateway = SimulatedGateway::start();
    gateway.hold();
    let client = client(&gateway);
    let turns: Vec<_> = (0..32)
        .map(|n| {
            let client = client.clone();
            std::thread::spawn(move || {
                client.run_turn(&TurnKind::Sms, &format!("text {n}"), WITHIN)
            })
        })
        .collect();
    gateway.wait_for(WITHIN, |log| (log.in_flight == 32).then_some(()));
    gateway.release();
    for turn in turns {
        assert_eq!(turn.join().unwrap(), reply());
    }
    let startups = gateway.seen().into_iter().filter(|seen| seen.path == "/startupz").count();
    assert_eq!((startups, gateway.turns().len()), (1, 32));
}
