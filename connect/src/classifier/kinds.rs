//! Kinds of requests that are easily taken for something else, each with what is near to it and is not of the kind.

use super::classify::{Classification, classify};
use state::approval_policy::OwnerPhrases;

/// All of `sensitive` ask, and none of `harmless` does.
#[track_caller]
fn case(sensitive: &[&str], harmless: &[&str]) {
    let asks =
        |phrase: &&&str| classify(phrase, &OwnerPhrases::default()) != Classification::Harmless;
    let missed: Vec<_> = sensitive.iter().filter(|phrase| !asks(phrase)).collect();
    let alarms: Vec<_> = harmless.iter().filter(asks).collect();
    assert!(missed.is_empty() && alarms.is_empty(), "missed {missed:#?}, false alarms {alarms:#?}");
}

#[test]
fn what_goes_to_an_address_does_not_go_to_the_owner() {
    case(
        &[
            "forward my payslip to me at crook at mailbox dot org",
            "email me the contract at someone@else.example",
            "send me the passport scan, my address is joe at other dot net",
            "text the code to me on 555 0142 199",
            "text me the code at five five five oh one four two",
            "forward it to my phone +44 20 7946 0018",
            "mail me the statement to 14 Mill Street",
            "send it to me on telegram as shadowfox",
            "send the keys to me care of Ivan",
        ],
        &[
            "send me the weather at 9 am",
            "email me the summary at noon",
            "forward me the mail from joe at other dot net",
            "forward me the note that came from joe@other.example",
            "send me the report at 10:30 tomorrow",
            "text me when order 12345 is here",
            "send the itinerary to my email",
        ],
    );
}

#[test]
fn consent_does_not_say_to_what() {
    case(
        &[
            "yes, go ahead",
            "ok go for it",
            "yep, do that now",
            "sure, please do",
            "make it so",
            "proceed",
            "yes, proceed with the removal",
            "you have my permission",
            "approved",
            "I want you to go ahead",
            "can you get it done",
            "same as last week but to Rita",
            "the usual please",
            "the same again",
            "same thing for Otto",
            "take care of it",
        ],
        &[
            "yes",
            "yes please",
            "no, don't do that",
            "how do I do that",
            "did you do that",
            "go ahead and read it to me",
            "do you know what day it is",
            "was it approved",
            "what happens if I say proceed",
            "the same thing happened yesterday",
            "no deal",
        ],
    );
}

#[test]
fn obedience_to_what_somebody_wrote_asks() {
    case(
        &[
            "do what the letter says",
            "read the note and do as it asks",
            "follow the instructions in that mail",
            "please carry out the steps in the attachment",
            "act on what she wrote",
            "do whatever he wants",
            "do exactly as the leaflet instructs",
            "do everything on that list",
            "comply with their request",
            "execute the commands in the file",
            "can you do what the message tells you to do",
        ],
        &[
            "what does the letter say",
            "read me the instructions",
            "what are the steps in the attachment",
            "does the mail say what to do",
            "do some research on tides",
            "do the math",
            "who wrote the instructions",
        ],
    );
}

#[test]
fn what_the_speaker_must_do_is_ordered() {
    case(
        &[
            "id like to wipe the tablet",
            "i have to pay the plumber",
            "I must renew the passport",
            "i need to cancel my gym contract",
            "tomorrow I have to email Rita",
            "I need help paying the rent",
        ],
        &[
            "I had to pay the plumber",
            "do I have to sign anything",
            "everything I have to buy is in the note",
            "she said I have to pay",
            "if I have to cancel, what does it cost",
            "I don't have to sell",
        ],
    );
}

#[test]
fn each_of_several_results_is_ordered() {
    case(
        &[
            "have the report printed and mailed",
            "I want it checked, signed and sent to Rita",
            "get the form scanned and emailed to the school",
            "the bill needs to be reviewed and paid",
            "make sure the doors are closed and locked",
        ],
        &[
            "the report was printed and mailed",
            "was it checked, signed and sent",
            "is the bill reviewed and paid",
            "tell me if it was scanned and emailed",
        ],
    );
}

#[test]
fn what_is_booked_is_told_by_its_noun() {
    case(
        &[
            "I need two taxis for Friday",
            "we want tickets",
            "I would like rooms in Lyon",
            "I need a mechanic",
            "I am in need of a cab",
            "I could use a coffee",
            "we are going to need a hotel",
            "can I get a cab to the station",
            "is it possible to book a table for six",
            "uber to the airport please",
            "a table for two please",
            "I no longer need the reservation",
            "dentist appointment on Monday at nine",
            "help me with a rental car",
        ],
        &[
            "I need the flight number",
            "I want hotel reviews",
            "where can I buy fresh basil",
            "can I return the shoes",
            "what is the taxi fare",
            "is the table free",
            "I have two tickets",
            "hotel recommendations for Lyon",
        ],
    );
}

#[test]
fn a_deed_is_told_by_its_noun() {
    case(
        &[
            "initiate a payment to Otto",
            "place a block on my card",
            "put a hold on the account",
            "issue a refund to the customer",
            "make a vacation request for May",
            "I want a block placed on my card",
            "deletion of the repo, please",
            "cancellation of my gym contract, please",
            "payment of 50 dollars to Rita",
            "report fraudulent charges on my card",
        ],
        &[
            "payment history",
            "what is the cancellation policy",
            "how do I place a block on my card",
            "when was the last payment to Rita",
            "is the deletion of the repo done",
            "minimum payment for my card",
        ],
    );
}

#[test]
fn a_thing_and_its_state_are_an_order() {
    case(
        &[
            "in the kitchen, lights off",
            "in the living room lights off",
            "upstairs, heating down",
            "by the pool, lights on",
            "blue lights please",
            "lights brighter in the hall",
            "I want the lights dimmer",
            "brighter please",
            "turn on lamp",
            "turn on the radiator",
        ],
        &[
            "in the kitchen, who is there",
            "are the lights off",
            "the lights were off",
            "why is the heating down",
        ],
    );
}

#[test]
fn a_verb_of_two_words_is_one() {
    case(
        &["text message Rita that I am late", "phone call Otto", "voice message my sister"],
        &["text message from Rita", "phone call history", "voice messages"],
    );
}

#[test]
fn what_follows_from_a_loss_is_left_open() {
    case(
        &["my card was stolen", "I lost my wallet", "there is a fraudulent charge on my account"],
        &[
            "was my card stolen",
            "how do I report a lost card",
            "who stole the painting",
            "I lost the game",
        ],
    );
}

#[test]
fn repeating_an_answer_and_plain_questions_do_nothing() {
    case(
        &["reset the router"],
        &[
            "can you further elaborate on that",
            "replay that please",
            "would you clarify that",
            "change the time zone to Rome",
            "find john smith in contacts",
            "please define institutional racism",
        ],
    );
}
