//! The catalogue that serves: the installed one, or that of the image. A newer one comes from upstream,
//! or from whoever installs one by hand; the terminal takes it between visits.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use yici_catalog::{Catalog, LoadError};
use yici_catalog_publish::{Follower, Installed, Options};
use yici_contract::problem::Kind;

use crate::config::{Config, Upstream};
use crate::uplink::{Fault, Uplink};
use crate::visit::Event;

/// Between two looks at what is installed.
const LOOK: Duration = Duration::from_secs(10);
/// Before upstream is asked for the first time, at most.
const FIRST: Duration = Duration::from_secs(30);
/// Between two questions to upstream, at most.
const ASK: Duration = Duration::from_secs(15 * 60);

/// The catalogue to start with, and what follows it where one can be installed. An installed one that
/// cannot be used keeps no terminal from serving with that of the image.
///
/// # Errors
/// When that of the image is needed and refused.
pub fn first(config: &Config) -> Result<(Catalog, Option<Follower>), LoadError> {
    let mut follower = (config.installed.as_ref())
        .map(|installed| Follower::new(&installed.store, installed.keys.clone()));
    let found = follower.as_mut().and_then(look);
    let catalog = match found {
        Some(catalog) => catalog,
        None => Catalog::load_region(&config.catalogue, config.region.as_deref())?,
    };
    Ok((ordered(catalog, config.card_reader.is_some()), follower))
}

/// Its questions in the order that asks people least at this terminal: a card says sex, birth and
/// address; a typed number the first two.
fn ordered(mut catalog: Catalog, reader: bool) -> Catalog {
    catalog.order_questions(|resource| match resource {
        "card.sex" | "card.birth" => true,
        "card.local" => reader,
        _ => false,
    });
    catalog
}

/// Follows what is installed, and asks upstream for newer ones, on a thread of its own. Each other
/// catalogue becomes an event.
pub fn follow(mut follower: Follower, config: &Config, events: Sender<Event>) {
    let reader = config.card_reader.is_some();
    let region = config.region.clone();
    let mut source = config.upstream.as_ref().and_then(|upstream| {
        Source::new(upstream)
            .inspect_err(|error| tracing::error!("no catalogues from upstream: {error}"))
            .ok()
    });
    thread::spawn(move || {
        let mut ask = Instant::now() + spread(FIRST);
        loop {
            thread::sleep(LOOK);
            if let Some(source) = &mut source
                && ask <= Instant::now()
            {
                source.ask(&follower, region.as_deref());
                ask = Instant::now() + spread(ASK);
            }
            if let Some(catalog) = look(&mut follower) {
                let catalog = Arc::new(ordered(catalog, reader));
                if events.send(Event::Catalogue(catalog)).is_err() {
                    return;
                }
            }
        }
    });
}

/// Between half of a time and all of it, at random: terminals that are switched on together do not ask
/// together.
fn spread(time: Duration) -> Duration {
    let random = f64::from(getrandom::u32().unwrap_or(u32::MAX)) / f64::from(u32::MAX);
    time.mul_f64(0.5 + random / 2.0)
}

/// Rechecks the certificate of a catalogue: the one place where the verifier is called, by whoever signs
/// and whoever installs.
///
/// # Errors
/// Why it does not prove this catalogue.
pub fn check_certificate(directory: &Path, certificate: &[u8]) -> Result<(), String> {
    let certificate = str::from_utf8(certificate).map_err(|error| error.to_string())?;
    yici_catalog_verify::verify(directory, certificate)
        .map(drop)
        .map_err(|error| error.to_string())
}

fn look(follower: &mut Follower) -> Option<Catalog> {
    match follower.look() {
        Ok(found) => found.map(|loaded| {
            let (release, version) = (&loaded.release, &loaded.manifest.version);
            if let Some(error) = &loaded.passed_over {
                tracing::error!(
                    "the installed catalogue cannot be used, the one before is: {error}"
                );
            }
            tracing::info!(release, version, "another catalogue");
            loaded.catalog
        }),
        Err(error) => {
            tracing::error!("the installed catalogue cannot be used: {error}");
            None
        }
    }
}

/// Upstream, as the source of catalogues.
struct Source {
    uplink: Uplink,
    runtime: tokio::runtime::Runtime,
    /// What upstream last gave, taken or not: it is not fetched again.
    seen: Option<String>,
}

impl Source {
    fn new(upstream: &Upstream) -> Result<Source, String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Source {
            uplink: Uplink::new(upstream).map_err(|error| error.to_string())?,
            runtime,
            seen: None,
        })
    }

    fn ask(&mut self, follower: &Follower, region: Option<&str>) {
        let tags: Vec<String> = (follower.store().tag().into_iter())
            .chain(self.seen.clone())
            .collect();
        match self.runtime.block_on(self.uplink.catalogue(&tags)) {
            Ok(None) | Err(Fault::Problem(Kind::NotFound)) => {}
            Ok(Some((bundle, tag))) => {
                self.seen.clone_from(&tag);
                install(follower, &bundle, tag, region);
            }
            // The delivery says when upstream is not there.
            Err(fault) => tracing::info!(fault = fault.code(), "no catalogue from upstream"),
        }
    }
}

fn install(follower: &Follower, bundle: &Bytes, tag: Option<String>, region: Option<&str>) {
    let options = Options {
        tag,
        region: region.map(str::to_owned),
    };
    let (store, keys) = (follower.store(), follower.keys());
    match store.install(bundle, keys, &options, &check_certificate) {
        Ok(Installed::New(manifest)) => {
            tracing::info!(version = manifest.version, "a catalogue was installed");
        }
        Ok(Installed::Already(_)) => {}
        Err(error) => tracing::error!(
            code = error.code(),
            "upstream's catalogue is not taken, the last good one goes on: {error}"
        ),
    }
}
