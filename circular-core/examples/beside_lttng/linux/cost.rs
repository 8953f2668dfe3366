//! What an event costs: every contender once in each round, in random order, each in a program of its own.

use super::contender::Contender;
use super::progress::Progress;
use super::random::Random;
use super::session::Session;
use super::{Place, say, writer};

/// One contender's values with so many threads.
struct Case {
    contender: Contender,
    threads: usize,
    values: Vec<f64>,
}

pub(crate) fn run(place: &Place, rounds: u64, random: &mut Random) -> Result<(), String> {
    let _session = Session::start(&place.dir, "cost")?;
    let mut cases = Vec::new();
    for contender in Contender::ALL {
        cases.extend([1, 2].map(|threads| Case {
            contender,
            threads,
            values: Vec::new(),
        }));
    }
    let mut progress = Progress::on_stderr();
    for round in 0..rounds {
        progress.show(|| format!("beside_lttng: cost, {round} of {rounds}"));
        let mut order: Vec<_> = cases.iter_mut().collect();
        while !order.is_empty() {
            let at = usize::try_from(random.below(order.len() as u64)).unwrap_or(0);
            let case = order.swap_remove(at);
            case.values.push(once(place, case)?);
        }
    }
    progress.clear();
    say(&format!(
        "ns per call, {rounds} rounds\n\n| | 1 thread | 2 threads |\n|---|---|---|"
    ))?;
    for of in cases.chunks(2) {
        say(&row(of[0].contender.name(), of, |case| case.values.clone()))?;
    }
    let (ours, theirs) = cases.split_at(4);
    for (ring, lttng) in [(0, 0), (0, 2), (2, 0), (2, 2)] {
        let (rings, lttng) = (&ours[ring..ring + 2], &theirs[lttng..lttng + 2]);
        let name = format!(
            "{} / {}",
            rings[0].contender.name(),
            lttng[0].contender.name()
        );
        say(&row(&name, rings, |case| {
            let other = &lttng[case.threads - 1].values;
            case.values.iter().zip(other).map(|(a, b)| a / b).collect()
        }))?;
    }
    say("")
}

/// In this round.
fn once(place: &Place, case: &Case) -> Result<f64, String> {
    let program = writer::start(place, "cost", case.contender, case.threads)?;
    let output = program
        .wait_with_output()
        .map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout);
    let value = said.trim_end().parse();
    value.map_err(|_| format!("{} does not tell its cost: {said:?}", case.contender.name()))
}

fn row(name: &str, cases: &[Case], values: impl Fn(&Case) -> Vec<f64>) -> String {
    let cells = cases.iter().map(|case| {
        let mut values = values(case);
        values.sort_by(f64::total_cmp);
        let at = |quarter: usize| values[(values.len() - 1) * quarter / 4];
        let digits = if at(2) < 10.0 { 2 } else { 0 };
        format!("{:.digits$} ({:.digits$}–{:.digits$})", at(2), at(1), at(3))
    });
    format!("| {name} | {} |", cells.collect::<Vec<_>>().join(" | "))
}
