//! How a case is run.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::report::{Finding, Outcome, Report};

/// What the hands at a bench came to.
pub type Done<T = ()> = Result<T, BenchError>;

/// Why the bench did not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BenchError {
    /// This bench has no hands for it: what depends on it is not run.
    #[error("this bench cannot {0}")]
    Cannot(&'static str),
    /// It should have been able to: the case fails, for nothing can be said of the driver.
    #[error("the bench failed: {0}")]
    Broken(String),
}

/// What benches answer that have no hands for something.
///
/// # Errors
/// Always [`BenchError::Cannot`].
pub fn cannot<T>(what: &'static str) -> Done<T> {
    Err(BenchError::Cannot(what))
}

/// What ends a case early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The driver did something else than asked for.
    Failed(String),
    /// The case cannot be played here.
    NotRun(String),
}

impl From<BenchError> for Stop {
    fn from(error: BenchError) -> Self {
        match error {
            BenchError::Cannot(_) => Self::NotRun(error.to_string()),
            BenchError::Broken(_) => Self::Failed(error.to_string()),
        }
    }
}

/// What a case comes to.
pub type Verdict = Result<(), Stop>;

/// One thing that every driver of a class has to do: `B` is the class's bench, `D` its driver.
pub struct Case<B: ?Sized, D: ?Sized> {
    /// Its name, unique in its class.
    pub name: String,
    play: Box<Play<B, D>>,
}

type Play<B, D> = dyn Fn(&Trial<'_, B, D>) -> Verdict;

impl<B: ?Sized, D: ?Sized> Case<B, D> {
    pub(crate) fn new(
        name: impl Into<String>,
        play: impl Fn(&Trial<'_, B, D>) -> Verdict + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            play: Box::new(play),
        }
    }
}

/// What the hands at every bench can do.
pub trait Hands: Sync {
    /// Puts everything right, as the class's `Bench` says; called before each case.
    ///
    /// # Errors
    /// [`BenchError`].
    fn restore(&self) -> Done;
}

/// What the cases of a class are run with.
pub struct Trial<'a, B: ?Sized, D: ?Sized> {
    /// The hands.
    pub bench: &'a B,
    /// Opens the driver afresh, as a terminal does when it starts.
    pub open: &'a (dyn Fn() -> Result<Box<D>, String> + Sync),
    /// What this machine may add to the times that drivers promise: it may be busy with other things,
    /// or be emulated.
    pub slack: Duration,
}

/// Longest time from a device's return to its use.
const RETURN: Duration = Duration::from_secs(3);

/// What a busy machine may add to that, however much to other things: with more, a driver that dawdles
/// would pass.
const BUSY: Duration = Duration::from_secs(2);

impl<B: ?Sized, D: ?Sized> Trial<'_, B, D> {
    /// The driver, opened.
    pub(crate) fn driver(&self) -> Result<Box<D>, Stop> {
        (self.open)().map_err(|error| Stop::Failed(format!("it cannot be opened: {error}")))
    }

    /// Asks until a device that is back is used again; fails if that takes more than 3 s.
    pub(crate) fn back(&self, what: &str, holds: impl FnMut() -> Result<bool, Stop>) -> Verdict {
        let (began, limit) = (Instant::now(), RETURN + self.slack.min(BUSY));
        until(limit, what, holds)?;
        let took = began.elapsed();
        ensure(took <= limit, || {
            format!("after {took:?}, and {RETURN:?} are promised: {what}")
        })
    }

    /// Fails if what began then has taken longer than it may.
    pub(crate) fn in_time(&self, began: Instant, limit: Duration, what: &str) -> Verdict {
        let took = began.elapsed();
        ensure(took <= limit + self.slack, || {
            format!("{what} took {took:?}, and may take {limit:?}")
        })
    }
}

/// Runs cases of a class one after another, all of its `cases()` or some; `tell` hears of each as it ends.
pub fn run<B: Hands + ?Sized, D: ?Sized>(
    cases: &[Case<B, D>],
    trial: &Trial<'_, B, D>,
    mut tell: impl FnMut(&Finding),
) -> Report {
    let mut report = Report::default();
    for case in cases {
        let began = Instant::now();
        let played = catch_unwind(AssertUnwindSafe(|| {
            trial.bench.restore()?;
            (case.play)(trial)
        }));
        let outcome = match played {
            Ok(Ok(())) => Outcome::Passed,
            Ok(Err(Stop::Failed(why))) => Outcome::Failed(why),
            Ok(Err(Stop::NotRun(why))) => Outcome::NotRun(why),
            Err(_) => Outcome::Failed("it panicked".into()),
        };
        let finding = Finding {
            case: case.name.clone(),
            outcome,
            milliseconds: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        };
        tell(&finding);
        report.cases.push(finding);
    }
    // Whoever uses the device next finds it in good order, or finds out by himself.
    let _ = trial.bench.restore();
    report
}

/// Fails a case unless this holds.
pub(crate) fn ensure(holds: bool, why: impl FnOnce() -> String) -> Verdict {
    if holds {
        Ok(())
    } else {
        Err(Stop::Failed(why()))
    }
}

/// Asks until the answer is yes, for at most so long.
pub(crate) fn until(
    limit: Duration,
    what: &str,
    mut holds: impl FnMut() -> Result<bool, Stop>,
) -> Verdict {
    let end = Instant::now() + limit;
    while !holds()? {
        if Instant::now() >= end {
            return Err(Stop::Failed(format!("still not after {limit:?}: {what}")));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_that_is_back_late_fails_however_patient_the_trial_is() {
        let trial: Trial<'_, Bench, ()> = Trial {
            bench: &Bench(Ok(())),
            open: &|| Ok(Box::new(())),
            slack: Duration::from_secs(60),
        };
        assert_eq!(trial.back("it is used again", || Ok(true)), Ok(()));
        let late = trial.back("it is used again", || {
            std::thread::sleep(RETURN + BUSY + Duration::from_millis(10));
            Ok(true)
        });
        assert!(matches!(late, Err(Stop::Failed(_))), "{late:?}");
    }

    struct Bench(Done);

    impl Hands for Bench {
        fn restore(&self) -> Done {
            self.0.clone()
        }
    }

    fn play(bench: Done, cases: &[Case<Bench, ()>], tell: impl FnMut(&Finding)) -> Report {
        let trial = Trial {
            bench: &Bench(bench),
            open: &|| Ok(Box::new(())),
            slack: Duration::ZERO,
        };
        run(cases, &trial, tell)
    }

    #[test]
    fn every_case_gets_its_own_outcome() {
        let cases: [Case<Bench, ()>; 5] = [
            Case::new("good", |_| Ok(())),
            Case::new("bad", |_| ensure(false, || "no".into())),
            Case::new("none", |_| Ok(cannot("fly")?)),
            Case::new("broken", |_| {
                Err(Stop::from(BenchError::Broken("it burnt".into())))
            }),
            Case::new("panics", |_| panic!("on purpose")),
        ];
        let mut told = 0;
        let report = play(Ok(()), &cases, |_| told += 1);
        let outcomes: Vec<_> = report.cases.iter().map(|one| &one.outcome).collect();
        assert_eq!(
            outcomes,
            [
                &Outcome::Passed,
                &Outcome::Failed("no".into()),
                &Outcome::NotRun("this bench cannot fly".into()),
                &Outcome::Failed("the bench failed: it burnt".into()),
                &Outcome::Failed("it panicked".into()),
            ]
        );
        assert_eq!(told, 5);
    }

    #[test]
    fn a_bench_that_cannot_be_put_right_passes_nothing() {
        let cases: [Case<Bench, ()>; 1] = [Case::new("any", |_| Ok(()))];
        let broken = Err(BenchError::Broken("gone".into()));
        assert_eq!(play(broken, &cases, |_| {}).failed().len(), 1);
    }
}
