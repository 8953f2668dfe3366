//! What a program that the harness has started is told to do.
//!
//! It says the path of its ring in a line, and then what its role says. Whatever it does, it ends when the harness does,
//! whose end of the pipe is gone then.

use super::acts;
use super::death::Death;
use super::plan::{Kind, Plan};
use super::random::Random;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// The first argument of such a program.
pub(crate) const CHILD: &str = "child";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Four threads write and acknowledge, and then the program dies.
    Acknowledges,
    /// Threads write for a while, as fast as they can, once they are told to.
    FlatOut,
    /// One thread writes a million records a second for a while, once it is told to.
    Paced,
    /// It has written a line, and waits.
    Idle,
}

#[derive(Clone, Debug)]
pub(crate) struct Orders {
    pub(crate) role: Role,
    pub(crate) dir: PathBuf,
    pub(crate) plan: Plan,
    pub(crate) death: Death,
    /// How long until it dies, or for how long it writes.
    pub(crate) time: Duration,
    /// How many threads write, flat out.
    pub(crate) threads: u64,
    /// Whether it asks how far the ring is before each record.
    pub(crate) asks: bool,
    /// The file that makes it a member of a cgroup.
    pub(crate) cgroup: Option<PathBuf>,
}

impl Orders {
    pub(crate) fn new(role: Role, dir: PathBuf, capacity: usize, random: &mut Random) -> Self {
        let plan = Plan {
            seed: random.next(),
            capacity,
            kind: Kind::Small,
        };
        Self {
            role,
            dir,
            plan,
            death: Death::Kill,
            time: Duration::ZERO,
            threads: 2,
            asks: false,
            cgroup: None,
        }
    }

    pub(crate) fn arguments(&self) -> [String; 10] {
        let path = |path: &PathBuf| path.to_string_lossy().into_owned();
        [
            format!("{:?}", self.role),
            path(&self.dir),
            self.plan.seed.to_string(),
            self.plan.capacity.to_string(),
            format!("{:?}", self.plan.kind),
            format!("{:?}", self.death),
            self.time.as_micros().to_string(),
            self.threads.to_string(),
            self.asks.to_string(),
            self.cgroup.as_ref().map_or_else(String::new, path),
        ]
    }

    fn parse(arguments: &[String]) -> Result<Self, String> {
        let [
            role,
            dir,
            seed,
            capacity,
            kind,
            death,
            time,
            threads,
            asks,
            cgroup,
        ] = arguments
        else {
            return Err(String::from("it is the harness that starts this"));
        };
        Ok(Self {
            role: role.parse()?,
            dir: dir.into(),
            plan: Plan {
                seed: number(seed)?,
                capacity: number(capacity)?,
                kind: kind.parse()?,
            },
            death: death.parse()?,
            time: Duration::from_micros(number(time)?),
            threads: number(threads)?,
            asks: number(asks)?,
            cgroup: (!cgroup.is_empty()).then(|| cgroup.into()),
        })
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Acknowledges, Self::FlatOut, Self::Paced, Self::Idle];
        let found = all.into_iter().find(|role| format!("{role:?}") == text);
        found.ok_or_else(|| format!("no role: {text}"))
    }
}

fn number<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("no number: {text}"))
}

/// This is such a program.
pub(crate) fn play(arguments: &[String]) {
    let played = Orders::parse(arguments).and_then(|orders| {
        let act = match orders.role {
            Role::Acknowledges => acts::acknowledges,
            Role::FlatOut => acts::flat_out,
            Role::Paced => acts::paced,
            Role::Idle => acts::idle,
        };
        act(&orders).map_err(|error| error.to_string())
    });
    if let Err(error) = played {
        acts::fail(&error);
    }
}
