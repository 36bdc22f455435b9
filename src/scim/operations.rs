//! What is done to resources, by type: one endpoint, and one operation of a bulk request, are written for both.

use std::future::Future;

use super::{
    document::Document,
    failure::Result,
    groups,
    list::{Groups, Source, Users},
    request::Request,
    resource::Resource,
    users,
    version::Versions,
};
use crate::storage::Tx;

/// A type of resource that can be read and changed, in the caller's unit of work.
///
/// # Errors
/// Of each: `404`, `412`, and of the schema.
pub trait Operations: Source {
    /// One of them, whole or without what is heavy.
    fn get(tx: &mut Tx, request: &Request, which: (&str, bool)) -> impl Future<Output = Result<Resource>> + Send;

    /// RFC 7644 §3.3.
    fn create(tx: &mut Tx, request: &Request, body: Document) -> impl Future<Output = Result<Resource>> + Send;

    /// RFC 7644 §3.5.1.
    fn replace(
        tx: &mut Tx,
        request: &Request,
        wanted: (&str, Document, Option<&Versions>),
    ) -> impl Future<Output = Result<Resource>> + Send;

    /// RFC 7644 §3.5.2. None where it is not told again unless somebody asks for it.
    fn patch(
        tx: &mut Tx,
        request: &Request,
        wanted: (&str, &Document, Option<&Versions>),
    ) -> impl Future<Output = Result<Option<Resource>>> + Send;

    /// RFC 7644 §3.6.
    fn delete(
        tx: &mut Tx,
        request: &Request,
        which: (&str, Option<&Versions>),
    ) -> impl Future<Output = Result<()>> + Send;
}

impl Operations for Users {
    async fn get(tx: &mut Tx, request: &Request, (id, _): (&str, bool)) -> Result<Resource> {
        users::get(tx, request, id).await
    }

    async fn create(tx: &mut Tx, request: &Request, body: Document) -> Result<Resource> {
        users::create(tx, request, body).await
    }

    async fn replace(tx: &mut Tx, request: &Request, wanted: (&str, Document, Option<&Versions>)) -> Result<Resource> {
        users::replace(tx, request, wanted).await
    }

    async fn patch(
        tx: &mut Tx,
        request: &Request,
        wanted: (&str, &Document, Option<&Versions>),
    ) -> Result<Option<Resource>> {
        users::patch(tx, request, wanted).await.map(|(resource, _)| Some(resource))
    }

    async fn delete(tx: &mut Tx, request: &Request, which: (&str, Option<&Versions>)) -> Result<()> {
        users::delete(tx, request, which).await
    }
}

impl Operations for Groups {
    async fn get(tx: &mut Tx, request: &Request, which: (&str, bool)) -> Result<Resource> {
        groups::get(tx, request, which).await
    }

    async fn create(tx: &mut Tx, request: &Request, body: Document) -> Result<Resource> {
        groups::create(tx, request, body).await
    }

    async fn replace(tx: &mut Tx, request: &Request, wanted: (&str, Document, Option<&Versions>)) -> Result<Resource> {
        groups::replace(tx, request, wanted).await
    }

    /// A group of very many members is not told again to whoever adds one.
    async fn patch(
        tx: &mut Tx,
        request: &Request,
        wanted: (&str, &Document, Option<&Versions>),
    ) -> Result<Option<Resource>> {
        groups::patch(tx, request, wanted).await.map(|_| None)
    }

    async fn delete(tx: &mut Tx, request: &Request, which: (&str, Option<&Versions>)) -> Result<()> {
        groups::delete(tx, request, which).await
    }
}
