//! The simulated service's rows: every table is a list of JSON objects in the shape that goes over the wire.

use crate::clock::SimulatedClock;
use crate::rng::Rng;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::agenda::Agenda;
use super::script::NumberScript;
use super::settings::ServiceSettings;

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceTable {
    /// Calls placed by `POST /v1/calls` or announced on the socket; those of scheduled events are not among them.
    Calls,
    /// Texts in and out.
    Messages,
    /// Approval requests.
    Approvals,
    /// Missions.
    Missions,
    /// Runs; the parent is the mission's own id.
    Runs,
    /// Plan steps; the parent is the run.
    Steps,
    /// Run events; the parent is the run.
    RunEvents,
    /// Links of assistants to runs; the parent is the run.
    Links,
    /// Voice and text assistants.
    Assistants,
    /// Scheduled calls and texts, deleted ones too (`status` "deleted"); the parent is the assistant.
    Scheduled,
    /// Phone numbers of the account.
    Phones,
    /// Conversations of finished calls, with their insights.
    Conversations,
}

/// One row.
#[derive(Clone, Debug)]
pub(crate) struct TableRow {
    pub(crate) table: ServiceTable,
    pub(crate) id: String,
    pub(crate) parent: String,
    /// What goes over the wire.
    pub(crate) body: Value,
    /// What only the service knows.
    pub(crate) hidden: Value,
    /// When lists begin to show it.
    pub(crate) listed: Instant,
}

/// All rows of one account, with the clock and the random numbers that they are made with.
pub(crate) struct World {
    rows: Vec<TableRow>,
    pub(crate) rng: Rng,
    pub(crate) clock: SimulatedClock,
    pub(crate) agenda: Agenda,
    pub(crate) settings: ServiceSettings,
    /// What the people behind single numbers do.
    pub(crate) scripts: BTreeMap<String, NumberScript>,
    pub(crate) profile: Value,
    /// Events to push on the socket, in order.
    pub(crate) outbox: Vec<Value>,
    /// What reached the outside world, which no row can take back: ("dialled", number), ("texted", "number\ntext").
    pub(crate) reached: Vec<(&'static str, String)>,
    /// Response bodies by `Idempotency-Key`, where it is honoured.
    pub(crate) repeatable: Vec<(String, Value)>,
}

impl World {
    pub(crate) fn new(settings: ServiceSettings, clock: SimulatedClock, profile: Value) -> Self {
        Self {
            rows: Vec::new(),
            rng: Rng::new(settings.seed),
            clock,
            agenda: Agenda::default(),
            settings,
            scripts: BTreeMap::new(),
            profile,
            outbox: Vec::new(),
            reached: Vec::new(),
            repeatable: Vec::new(),
        }
    }

    /// Sends an event on the socket, unless the settings switch that off.
    pub(crate) fn announce(&mut self, event: Value) {
        if self.settings.announce {
            self.outbox.push(event);
        }
    }

    /// A row that the caller has just made or found.
    pub(crate) fn row(&mut self, table: ServiceTable, id: &str) -> &mut TableRow {
        self.find(table, id).expect("the caller made or found this row")
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Adds a row; lists show it after the configured lag.
    pub(crate) fn add(
        &mut self,
        table: ServiceTable,
        id: &str,
        parent: &str,
        body: Value,
    ) -> Value {
        self.insert(table, id, parent, body, self.settings.lag)
    }

    /// Adds a row that lists show at once.
    pub(crate) fn seed(
        &mut self,
        table: ServiceTable,
        id: &str,
        parent: &str,
        body: Value,
    ) -> Value {
        self.insert(table, id, parent, body, Duration::ZERO)
    }

    fn insert(
        &mut self,
        table: ServiceTable,
        id: &str,
        parent: &str,
        body: Value,
        lag: Duration,
    ) -> Value {
        let row = TableRow {
            table,
            id: id.to_owned(),
            parent: parent.to_owned(),
            body: body.clone(),
            hidden: json!({}),
            listed: Instant::now() + lag,
        };
        self.rows.push(row);
        body
    }

    pub(crate) fn find(&mut self, table: ServiceTable, id: &str) -> Option<&mut TableRow> {
        self.rows.iter_mut().find(|row| row.table == table && row.id == id)
    }

    /// The row of that id below that parent: ids of steps are only unique within their run.
    pub(crate) fn find_in(
        &mut self,
        table: ServiceTable,
        id: &str,
        parent: &str,
    ) -> Option<&mut TableRow> {
        let wanted =
            |row: &&mut TableRow| row.table == table && row.id == id && row.parent == parent;
        self.rows.iter_mut().find(wanted)
    }

    pub(crate) fn find_where(
        &self,
        table: ServiceTable,
        test: impl Fn(&TableRow) -> bool,
    ) -> Option<&TableRow> {
        self.rows.iter().find(|row| row.table == table && test(row))
    }

    pub(crate) fn remove(&mut self, table: ServiceTable, id: &str, parent: &str) -> bool {
        let before = self.rows.len();
        self.rows.retain(|row| row.table != table || row.id != id || row.parent != parent);
        self.rows.len() < before
    }

    /// The rows of a table, oldest first, whether lists show them yet or not.
    pub(crate) fn all(&self, table: ServiceTable) -> impl Iterator<Item = &TableRow> {
        self.rows.iter().filter(move |row| row.table == table)
    }

    /// The bodies that a list shows by now, oldest first.
    pub(crate) fn listed(&self, table: ServiceTable, parent: Option<&str>) -> Vec<Value> {
        let now = Instant::now();
        self.all(table)
            .filter(|row| row.listed <= now && parent.is_none_or(|parent| row.parent == parent))
            .map(|row| row.body.clone())
            .collect()
    }
}

/// Lays the keys of `over` on `base`.
pub(crate) fn merge(base: &mut Value, over: &Value) {
    if let (Some(base), Some(over)) = (base.as_object_mut(), over.as_object()) {
        for (key, value) in over {
            base.insert(key.clone(), value.clone());
        }
    }
}
