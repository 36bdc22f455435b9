//! Lists of resources (RFC 7644 §3.4.2, RFC 9865).
//!
//! A list without a filter and an order goes along the index of ids. A filter that demands a value which an index has is
//! looked up there; any other one goes over the resources of the organization, as long as these are few enough to be gone
//! over: else the answer is `tooMany`, and says which filters always work. Going over them costs whoever asks more than a
//! look into an index, and has its turn: see [`Scans`].

mod scans;
mod source;

pub use scans::Scans;
pub use source::{Groups, Source, Users};

use serde_json::json;

use super::{
    cursor::{self, Position},
    document::Document,
    error::{ScimError, ScimType},
    failure::Result,
    filter::Filter,
    projection::Projection,
    query::{ListQuery, Page},
    request::Request,
    resource::Resource,
    sort::Sort,
};
use crate::storage::Tx;

/// The schema of the answer (RFC 7644 §3.4.2).
pub const LIST_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// The most resources that a filter or an order goes over.
pub const BUDGET: u64 = 20_000;

/// Resources that are loaded at a time.
const BATCH: u32 = 500;

/// A page of a list.
#[derive(Debug, Default)]
struct Listed {
    /// How many there are on all pages.
    total: u64,
    /// Those of this page, as JSON with commas between them.
    resources: String,
    /// How many these are.
    count: usize,
    /// Where the list goes on, if it does.
    next: Option<Position>,
}

/// What is asked of a list of one type of resource.
struct Asked {
    filter: Option<Filter>,
    sort: Option<Sort>,
    position: Position,
    count: usize,
}

/// The answer to a query of one type of resource.
///
/// # Errors
/// `invalidFilter`, `invalidValue`, `tooMany`, and of cursors.
pub async fn answer<S: Source>(tx: &mut Tx, request: &Request, query: &ListQuery) -> Result<String> {
    let projection = query.projection(&[S::KIND])?;
    let identity = identity(request, query, S::KIND.name());
    let position = position(request, query, &identity)?;
    let asked = Asked { filter: query.filter(S::KIND)?, sort: query.sort(S::KIND)?, position, count: query.count };
    let listed = list::<S>(tx, request, &asked, &projection).await?;
    Ok(response(request, query, &identity, &listed))
}

/// The answer to a query of all types that the caller may see, one after the other (RFC 7644 §3.4.3, at the root).
///
/// # Errors
/// The same.
pub async fn answer_of_all(tx: &mut Tx, request: &Request, query: &ListQuery) -> Result<String> {
    let identity = identity(request, query, "");
    let Position::Skip(skipped) = position(request, query, &identity)? else {
        return Err(ScimError::new(ScimType::InvalidCursor, "'cursor' is not one of this list").into());
    };
    let (users, groups) = (request.caller.users, request.caller.groups);
    let kinds: Vec<_> =
        [(users, Users::KIND), (groups, Groups::KIND)].iter().filter(|one| one.0).map(|one| one.1).collect();
    let projection = query.projection(&kinds)?;
    let mut all = Listed::default();
    let mut refusal = None;
    let mut answered = false;
    for kind in &kinds {
        // What a type does not know matches none of its resources.
        let asked = query.filter(*kind).and_then(|filter| Ok((filter, query.sort(*kind)?)));
        let (filter, sort) = match asked {
            Ok(asked) => asked,
            Err(error) => {
                refusal = Some(error);
                continue;
            }
        };
        answered = true;
        let position = Position::Skip(skipped.saturating_sub(all.total));
        let asked = Asked { filter, sort, position, count: query.count - all.count };
        let more = if *kind == Users::KIND {
            list::<Users>(tx, request, &asked, &projection).await?
        } else {
            list::<Groups>(tx, request, &asked, &projection).await?
        };
        all.total += more.total;
        all.count += more.count;
        if !all.resources.is_empty() && more.count > 0 {
            all.resources.push(',');
        }
        all.resources.push_str(&more.resources);
    }
    if let Some(error) = refusal.filter(|_| !answered) {
        return Err(error.into());
    }
    let end = skipped + all.count as u64;
    all.next = (end < all.total && query.count > 0).then_some(Position::Skip(end));
    Ok(response(request, query, &identity, &all))
}

fn identity(request: &Request, query: &ListQuery, kind: &str) -> [String; 4] {
    let order = format!("{:?} {:?}", query.sort_by, query.sort_order);
    [request.caller.organization.to_string(), kind.to_owned(), query.filter.clone().unwrap_or_default(), order]
}

fn position(request: &Request, query: &ListQuery, identity: &[String; 4]) -> Result<Position> {
    Ok(match &query.page {
        Page::Index(start) => Position::Skip(*start as u64 - 1),
        Page::FirstByCursor => Position::Skip(0),
        Page::Cursor(text) => {
            cursor::open(&request.site, &identity.each_ref().map(String::as_str), text, request.context.now)?
        }
    })
}

fn response(request: &Request, query: &ListQuery, identity: &[String; 4], listed: &Listed) -> String {
    let mut body = json!({"schemas": [LIST_SCHEMA], "totalResults": listed.total, "itemsPerPage": listed.count});
    if let Page::Index(start) = query.page {
        body["startIndex"] = json!(start);
    } else if let Some(next) = &listed.next {
        let list = identity.each_ref().map(String::as_str);
        body["nextCursor"] = json!(cursor::seal(&request.site, &list, next, request.context.now));
    }
    let head = body.to_string();
    let head = head.strip_suffix('}').unwrap_or(&head);
    [head, ",\"Resources\":[", &listed.resources, "]}"].concat()
}

async fn list<S: Source>(tx: &mut Tx, request: &Request, asked: &Asked, projection: &Projection) -> Result<Listed> {
    let selected = match (&asked.filter, &asked.sort) {
        (None, None) => along::<S>(tx, request, asked).await?,
        _ => select::<S>(tx, request, asked).await?,
    };
    let is_whole = projection.wants(S::KIND, S::HEAVY);
    let found = S::resources(tx, &selected.0, (request, is_whole)).await?;
    let resources = found.iter().map(|one| one.shown(projection)).collect::<Vec<_>>().join(",");
    Ok(Listed { total: selected.1, resources, count: found.len(), next: selected.2 })
}

/// Those of a page, how many there are, and where the list goes on.
type Selected<S> = (Vec<<S as Source>::Known>, u64, Option<Position>);

/// Along the index of ids.
async fn along<S: Source>(tx: &mut Tx, request: &Request, asked: &Asked) -> Result<Selected<S>> {
    let organization = &request.caller.organization;
    let total = S::count(tx, organization).await?;
    if asked.count == 0 {
        return Ok((vec![], total, None));
    }
    let most = u32::try_from(asked.count).unwrap_or(u32::MAX).saturating_add(1);
    let (after, skipped) = match &asked.position {
        Position::Skip(many) => (None, *many),
        Position::After(id) => (Some(id.as_str()), 0),
    };
    if skipped > BUDGET {
        let detail = format!("'startIndex' is beyond {BUDGET}; page with 'cursor'");
        return Err(ScimError::new(ScimType::TooMany, detail).into());
    }
    let mut known = S::page(tx, &request.caller, after, (skipped, most)).await?;
    let goes_on = known.len() > asked.count;
    known.truncate(asked.count);
    let next = known.last().filter(|_| goes_on).map(|last| Position::After(S::id(last).to_owned()));
    Ok((known, total, next))
}

/// Those that match, in order.
async fn select<S: Source>(tx: &mut Tx, request: &Request, asked: &Asked) -> Result<Selected<S>> {
    let Position::Skip(skipped) = asked.position else {
        return Err(ScimError::new(ScimType::InvalidCursor, "'cursor' is not one of this list").into());
    };
    let mut matching = candidates::<S>(tx, request, asked).await?;
    if let Some(sort) = &asked.sort {
        matching.sort_by(|(one, _), (other, _)| sort.compare(one, other));
    }
    let total = matching.len() as u64;
    let from = usize::try_from(skipped).unwrap_or(usize::MAX);
    let page: Vec<S::Known> = matching.into_iter().skip(from).take(asked.count).map(|(_, known)| known).collect();
    let end = skipped + page.len() as u64;
    let next = (end < total && asked.count > 0).then_some(Position::Skip(end));
    Ok((page, total, next))
}

/// Those that match, with what they are sorted by.
async fn candidates<S: Source>(tx: &mut Tx, request: &Request, asked: &Asked) -> Result<Vec<(Document, S::Known)>> {
    let organization = &request.caller.organization;
    if let Some(filter) = &asked.filter
        && let Some(sought) = S::seek(tx, &request.caller, filter).await?
    {
        if sought.is_exact && asked.sort.is_none() {
            return Ok(sought.known.into_iter().map(|known| (Document::new(), known)).collect());
        }
        return matches::<S>(tx, request, asked, sought.known).await;
    }
    let count = S::count(tx, organization).await?;
    if count > BUDGET {
        return Err(ScimError::new(ScimType::TooMany, S::TOO_MANY).into());
    }
    let _turn = request.scans.begin(&request.caller, count).await?;
    let (mut all, mut after): (Vec<(Document, S::Known)>, Option<String>) = (vec![], None);
    loop {
        let batch = S::page(tx, &request.caller, after.as_deref(), (0, BATCH)).await?;
        let is_last = batch.len() < BATCH as usize;
        after = batch.last().map(|last| S::id(last).to_owned());
        all.extend(matches::<S>(tx, request, asked, batch).await?);
        if is_last {
            return Ok(all);
        }
    }
}

async fn matches<S: Source>(
    tx: &mut Tx,
    request: &Request,
    asked: &Asked,
    known: Vec<S::Known>,
) -> Result<Vec<(Document, S::Known)>> {
    let is_heavy = asked.filter.as_ref().is_some_and(|filter| filter.mentions(S::HEAVY));
    let resources = S::resources(tx, &known, (request, is_heavy)).await?;
    let pairs = resources.iter().map(Resource::document).zip(known);
    let is_match = |document: &Document| asked.filter.as_ref().is_none_or(|filter| filter.matches(document));
    let kept = |document: Document| asked.sort.map_or_else(Document::new, |sort| sort.told_of(document));
    Ok(pairs.filter(|(document, _)| is_match(document)).map(|(document, known)| (kept(document), known)).collect())
}
