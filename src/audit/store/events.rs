//! Events: appended at the commit of the unit that caused them, read newest first.

use crate::{
    audit::{Chain, Context, Event, Recorded},
    clock::Timestamp,
    id::{EventId, OrganizationId},
    storage::{
        Additions, Result, Row, Tx, Value,
        batch::Table,
        filter::{Filter, Operator},
    },
};

static EVENTS: Table = Table {
    name: "audit_events",
    columns: &[
        "id",
        "chain",
        "at",
        "action",
        "outcome",
        "actor_kind",
        "actor_id",
        "person_id",
        "client_id",
        "resource",
        "request_id",
        "address",
        "detail",
    ],
    suffix: "",
};

impl Additions {
    /// Records an event in the chain of `organization` (`None`: the server's), with this unit's changes or not at all, and
    /// tells caches what it changes.
    ///
    /// # Panics
    /// Never: events are maps of texts, which always make JSON.
    pub fn record(&mut self, context: &Context, organization: Option<&OrganizationId>, event: &Event) {
        let some = |text: Option<String>| Value::OptionalText(text.filter(|text| !text.is_empty()));
        let values = vec![
            EventId::fresh(context.now, &context.random).as_str().into(),
            Chain::of(organization).as_str().into(),
            context.now.0.into(),
            event.action().into(),
            event.outcome().as_str().into(),
            context.actor.kind().into(),
            some(context.actor.id().map(str::to_owned)),
            some(event.field("user")),
            some(event.field("client")),
            some(event.field(event.resource_field())),
            some(context.request.as_ref().map(|id| id.as_str().to_owned())),
            some(context.address.clone()),
            serde_json::to_string(event).expect("events are maps of texts").into(),
        ];
        self.append(&EVENTS, values);
        for what in event.outdates() {
            self.bump(*what);
        }
    }
}

impl Tx {
    /// Records an event: see [`Additions::record`].
    pub fn record(&mut self, context: &Context, organization: Option<&OrganizationId>, event: &Event) {
        let additions = self.additions();
        additions.speak(context);
        additions.record(context, organization, event);
    }

    /// When and by whom this unit is made, as its first event says.
    pub fn context(&mut self) -> Option<Context> {
        self.additions().spoken()
    }

    /// Reads and seals events.
    pub fn audit(&mut self) -> Audit<'_> {
        Audit(self)
    }
}

/// Queries of the audit log.
pub struct Audit<'t>(pub(super) &'t mut Tx);

/// Which events to read.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Of one organization; `None`: all chains.
    pub organization: Option<OrganizationId>,
    /// Concerning one person.
    pub person: Option<String>,
    /// Of one action.
    pub action: Option<String>,
    /// Of one request.
    pub request: Option<String>,
    /// At or after.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
    /// Older than this event (keyset paging).
    pub before: Option<EventId>,
    /// At most so many.
    pub limit: u32,
}

pub(super) const COLUMNS: &str = "SELECT id, chain, at, action, outcome, actor_kind, actor_id, person_id, client_id, resource, \
                                  request_id, address, detail, seal FROM audit_events";

impl Audit<'_> {
    /// Events that match, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list(&mut self, query: Query) -> Result<Vec<Recorded>> {
        let chain = query.organization.as_ref().map(|id| id.as_str().to_owned());
        let rows = Filter::select(COLUMNS)
            .and_if("chain", Operator::Equal, chain)
            .and_if("person_id", Operator::Equal, query.person)
            .and_if("action", Operator::Equal, query.action)
            .and_if("request_id", Operator::Equal, query.request)
            .and_if("at", Operator::AtLeast, query.from.map(|at| at.0))
            .and_if("at", Operator::Below, query.to.map(|at| at.0))
            .and_if("id", Operator::Below, query.before.map(String::from))
            .order("id DESC", query.limit)
            .fetch(self.0.connection())
            .await?;
        rows.iter().map(recorded).collect()
    }
}

pub(super) fn recorded(row: &Row) -> Result<Recorded> {
    Ok(Recorded {
        id: EventId::from_stored(row.try_get("id")?),
        chain: Chain::from_stored(row.try_get("chain")?),
        at: Timestamp(row.try_get("at")?),
        action: row.try_get("action")?,
        outcome: row.try_get("outcome")?,
        actor_kind: row.try_get("actor_kind")?,
        actor_id: row.try_get("actor_id")?,
        person_id: row.try_get("person_id")?,
        client_id: row.try_get("client_id")?,
        resource: row.try_get("resource")?,
        request_id: row.try_get("request_id")?,
        address: row.try_get("address")?,
        detail: row.try_get("detail")?,
        seal: row.try_get("seal")?,
    })
}
