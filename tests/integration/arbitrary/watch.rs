//! Sees what the server says and does beside its answers: errors in the log and panics, of tasks that go on after an
//! answer too. Everything of the test runs on one thread.

use std::{cell::RefCell, sync::Once, thread::ThreadId};

use proptest::prelude::*;
use tracing::{Event, Level, Subscriber, field::Visit, subscriber::DefaultGuard};
use tracing_subscriber::{
    Layer, Registry,
    layer::{Context, SubscriberExt as _},
};

thread_local! {
    static SEEN: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Watches this thread while it lives.
pub(super) struct Watch {
    /// On which thread.
    thread: ThreadId,
    _subscriber: DefaultGuard,
}

impl Watch {
    pub(super) fn begin() -> Self {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                note(format!("{panic}"));
                before(panic);
            }));
        });
        SEEN.set(Some(vec![]));
        let subscriber = tracing::subscriber::set_default(Registry::default().with(Errors));
        Self { thread: std::thread::current().id(), _subscriber: subscriber }
    }

    /// Fails when anything was seen.
    pub(super) fn check(&self) -> Result<(), TestCaseError> {
        assert_eq!(self.thread, std::thread::current().id(), "another thread is not watched");
        let seen = SEEN.replace(Some(vec![])).unwrap_or_default();
        prop_assert!(seen.is_empty(), "{:?}", seen);
        Ok(())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        SEEN.set(None);
    }
}

fn note(what: String) {
    SEEN.with_borrow_mut(|seen| {
        if let Some(seen) = seen {
            seen.push(what);
        }
    });
}

/// Notes what is logged as an error.
struct Errors;

impl<S: Subscriber> Layer<S> for Errors {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() == Level::ERROR {
            let mut said = Said(String::new());
            event.record(&mut said);
            note(said.0);
        }
    }
}

struct Said(String);

impl Visit for Said {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        use std::fmt::Write as _;
        let _ = write!(self.0, "{field}={value:?} ");
    }
}
