//! A Slint platform whose display is memory: a real event loop, real time, fonts of the system.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use slint::EventLoopError;
use slint::platform::{EventLoopProxy, Platform, PlatformError, WindowAdapter};

use super::State;

/// Between two frames of an animation.
const FRAME: Duration = Duration::from_millis(16);
/// Without timers, look up at least this often.
const LONGEST: Duration = Duration::from_secs(1);

enum Task {
    Run(Box<dyn FnOnce() + Send>),
    Quit,
}

pub(super) struct Memory {
    state: Rc<State>,
    tasks: RefCell<Receiver<Task>>,
    sender: Sender<Task>,
    start: Instant,
}

impl Memory {
    pub fn new(state: Rc<State>) -> Memory {
        let (sender, tasks) = channel();
        Memory {
            state,
            tasks: RefCell::new(tasks),
            sender,
            start: Instant::now(),
        }
    }
}

impl Platform for Memory {
    fn create_window_adapter(&self) -> Result<Rc<dyn WindowAdapter>, PlatformError> {
        Ok(self.state.window.clone())
    }

    fn duration_since_start(&self) -> Duration {
        self.start.elapsed()
    }

    fn run_event_loop(&self) -> Result<(), PlatformError> {
        let tasks = self.tasks.borrow();
        loop {
            slint::platform::update_timers_and_animations();
            self.state.draw();
            let wait = match self.state.window.has_active_animations() {
                true => FRAME,
                false => slint::platform::duration_until_next_timer_update()
                    .unwrap_or(LONGEST)
                    .min(LONGEST),
            };
            // Nothing to do within this time is no failure; this platform holds a sender itself.
            let mut next = tasks.recv_timeout(wait).ok();
            // Everything that waits is done before the next frame.
            while let Some(task) = next {
                match task {
                    Task::Run(task) => task(),
                    Task::Quit => return Ok(()),
                }
                next = tasks.try_recv().ok();
            }
        }
    }

    fn new_event_loop_proxy(&self) -> Option<Box<dyn EventLoopProxy>> {
        Some(Box::new(Proxy(self.sender.clone())))
    }
}

struct Proxy(Sender<Task>);

impl EventLoopProxy for Proxy {
    fn quit_event_loop(&self) -> Result<(), EventLoopError> {
        self.0
            .send(Task::Quit)
            .map_err(|_| EventLoopError::EventLoopTerminated)
    }

    fn invoke_from_event_loop(
        &self,
        event: Box<dyn FnOnce() + Send>,
    ) -> Result<(), EventLoopError> {
        self.0
            .send(Task::Run(event))
            .map_err(|_| EventLoopError::EventLoopTerminated)
    }
}
