//! Sealing and verifying.

use std::collections::BTreeMap;

use aws_lc_rs::hmac;

use super::{
    Audit,
    events::{COLUMNS, recorded},
};
use crate::{
    audit::{Chain, Recorded, chain::Head},
    clock::Timestamp,
    id::EventId,
    storage::{
        Result,
        batch::{in_list, padded},
        filter::{Filter, Operator},
        sql,
    },
};

/// Events that one round seals at most; more are sealed in the next.
const ROUND: u32 = 2_000;
/// Links that verification reads at a time.
const PAGE: u32 = 500;

/// Events without a seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// How many.
    pub events: i64,
    /// When the oldest of them was written.
    pub since: Timestamp,
}

impl Audit<'_> {
    /// The events that wait for their seal.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn waiting(&mut self) -> Result<Option<Waiting>> {
        let row = sql("SELECT COUNT(*) AS n, MIN(at) AS since FROM audit_events WHERE seal IS NULL")
            .fetch_one(self.0.connection())
            .await?;
        let since: Option<i64> = row.try_get("since")?;
        let events = row.try_get("n")?;
        Ok(since.map(|since| Waiting { events, since: Timestamp(since) }))
    }

    /// Links all waiting events to their chains; answers the new heads with their MACs, one a chain. Called by the one
    /// node that holds the sealer's lease.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn seal(&mut self, key: &hmac::Key, now: Timestamp) -> Result<Vec<(Head, Vec<u8>)>> {
        let rows =
            Filter::select(COLUMNS).and_text("seal IS NULL").order("id", ROUND).fetch(self.0.connection()).await?;
        let mut waiting: BTreeMap<Chain, Vec<Recorded>> = BTreeMap::new();
        for event in rows.iter().map(recorded) {
            let event = event?;
            waiting.entry(event.chain.clone()).or_default().push(event);
        }
        let chains: Vec<Chain> = waiting.keys().cloned().collect();
        let mut heads = self.heads(&chains).await?;
        let mut sealed = vec![];
        for (chain, events) in waiting {
            let head = heads.remove(&chain).unwrap_or_else(|| Head::empty(chain)).next(&events);
            let ids: Vec<EventId> = events.into_iter().map(|event| event.id).collect();
            self.link(&head, &ids).await?;
            let mac = head.mac(key);
            self.insert(&head, &mac, now).await?;
            sealed.push((head, mac));
        }
        Ok(sealed)
    }

    /// The last links of all chains, with their stored MACs.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn newest_heads(&mut self) -> Result<Vec<(Head, Vec<u8>)>> {
        // By the organizations, whose ids are their chains: the last link of each is one step into the index.
        let rows = sql("SELECT s.chain, s.seal, s.events, s.hash, s.mac \
             FROM (SELECT id FROM organizations UNION ALL SELECT 'server') AS c \
             JOIN audit_seals s ON s.chain = c.id \
             AND s.seal = (SELECT MAX(t.seal) FROM audit_seals t WHERE t.chain = c.id)")
        .fetch_all(self.0.connection())
        .await?;
        rows.iter()
            .map(|row| {
                let head = Head {
                    chain: Chain::from_stored(row.try_get("chain")?),
                    seal: row.try_get("seal")?,
                    events: row.try_get("events")?,
                    hash: row.try_get("hash")?,
                };
                Ok((head, row.try_get("mac")?))
            })
            .collect()
    }

    /// The last links of chains.
    async fn heads(&mut self, chains: &[Chain]) -> Result<BTreeMap<Chain, Head>> {
        let mut heads = BTreeMap::new();
        for list in padded(chains) {
            let text = format!(
                "SELECT s.chain, s.seal, s.events, s.hash FROM audit_seals s \
                 WHERE s.chain IN ({}) AND s.seal = (SELECT MAX(t.seal) FROM audit_seals t WHERE t.chain = s.chain)",
                in_list(1, list.len())
            );
            let mut query = sql(text);
            for chain in &list {
                query = query.bind(chain.as_str().to_owned());
            }
            for row in query.fetch_all(self.0.connection()).await? {
                let chain = Chain::from_stored(row.try_get("chain")?);
                let head = Head {
                    chain: chain.clone(),
                    seal: row.try_get("seal")?,
                    events: row.try_get("events")?,
                    hash: row.try_get("hash")?,
                };
                heads.insert(chain, head);
            }
        }
        Ok(heads)
    }

    async fn link(&mut self, head: &Head, ids: &[EventId]) -> Result<()> {
        for list in padded(ids) {
            let text = format!("UPDATE audit_events SET seal = $1 WHERE id IN ({})", in_list(2, list.len()));
            let mut query = sql(text).bind(head.seal);
            for id in &list {
                query = query.bind(id.as_str().to_owned());
            }
            query.execute(self.0.connection()).await?;
        }
        Ok(())
    }

    async fn insert(&mut self, head: &Head, mac: &[u8], now: Timestamp) -> Result<()> {
        sql("INSERT INTO audit_seals (chain, seal, events, at, hash, mac) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(head.chain.as_str().to_owned())
            .bind(head.seal)
            .bind(head.events)
            .bind(now.0)
            .bind(head.hash.clone())
            .bind(mac.to_vec())
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// Every chain that has a link or a sealed event.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn chains(&mut self) -> Result<Vec<Chain>> {
        let rows = sql(
            "SELECT chain FROM audit_seals UNION SELECT chain FROM audit_events WHERE seal IS NOT NULL ORDER BY chain",
        )
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(|row| Ok(Chain::from_stored(row.try_get("chain")?))).collect()
    }

    /// Links of a chain after number `after`, with their stored MACs; at most 500.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn links(&mut self, chain: &Chain, after: i64) -> Result<Vec<(Head, Vec<u8>)>> {
        let rows = Filter::select("SELECT seal, events, hash, mac FROM audit_seals")
            .and("chain", Operator::Equal, chain.as_str())
            .and("seal", Operator::Above, after)
            .order("seal", PAGE)
            .fetch(self.0.connection())
            .await?;
        rows.iter()
            .map(|row| {
                let head = Head {
                    chain: chain.clone(),
                    seal: row.try_get("seal")?,
                    events: row.try_get("events")?,
                    hash: row.try_get("hash")?,
                };
                Ok((head, row.try_get("mac")?))
            })
            .collect()
    }

    /// The events of links `from` to `to`, in the order in which they were sealed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sealed_events(&mut self, chain: &Chain, from: i64, to: i64) -> Result<Vec<Recorded>> {
        let rows = Filter::select(COLUMNS)
            .and("chain", Operator::Equal, chain.as_str())
            .and("seal", Operator::AtLeast, from)
            .and("seal", Operator::Below, to + 1)
            .order("seal, id", u32::MAX)
            .fetch(self.0.connection())
            .await?;
        rows.iter().map(recorded).collect()
    }

    /// How many events of a chain claim a link beyond the last one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn orphans(&mut self, chain: &Chain, last: i64) -> Result<i64> {
        let row = sql("SELECT COUNT(*) AS n FROM audit_events WHERE chain = $1 AND (seal > $2 OR seal < 1)")
            .bind(chain.as_str().to_owned())
            .bind(last)
            .fetch_one(self.0.connection())
            .await?;
        row.try_get("n")
    }
}
