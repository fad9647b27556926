//! Whole processes, measured by the operating system's own accounts.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

/// What one run of a process took.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    pub wall: f64,
    pub cpu: f64,
    pub peak_bytes: f64,
}

/// A command line that can be run again and again.
#[derive(Debug, Clone)]
pub struct Run {
    pub words: Vec<String>,
    pub environment: Vec<(String, String)>,
    /// Exit statuses that are as they should be.
    pub statuses: Vec<i32>,
}

impl Run {
    pub fn new<S: ToString>(words: impl IntoIterator<Item = S>) -> Run {
        let words = words.into_iter().map(|word| word.to_string()).collect();
        Run { words, environment: Vec::new(), statuses: vec![0] }
    }

    /// Runs it once, through a process that has no other child, so that the accounts are of this one alone.
    pub fn once(&self) -> Result<Usage> {
        let output = Command::new(std::env::current_exe()?)
            .arg("role:measure")
            .args(&self.words)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stderr(Stdio::inherit())
            .output()?;
        let text = String::from_utf8(output.stdout)?;
        let words: Vec<f64> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        let [wall, cpu, peak_bytes, status] = words[..] else { anyhow::bail!("{:?}: no figures", self.words) };
        ensure!(self.statuses.contains(&(status as i32)), "{:?} ended with {status}", self.words);
        Ok(Usage { wall, cpu, peak_bytes })
    }
}

/// The child of the process that measures: runs the command, throws its output away and prints the figures.
pub fn measure(words: &[String]) -> Result<()> {
    let (program, arguments) = words.split_first().context("no command")?;
    let started = Instant::now();
    let status = Command::new(program).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).status()?;
    let wall = started.elapsed();
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_CHILDREN)?;
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    let cpu = seconds(usage.user_time()) + seconds(usage.system_time());
    let peak_bytes = usage.max_rss() as f64 * 1024.0;
    println!("{} {cpu} {peak_bytes} {}", wall.as_secs_f64(), status.code().unwrap_or(-1));
    Ok(())
}

/// Runs several commands in turn, so that a change of the machine's speed meets all of them; returns their medians.
pub fn in_turn(runs: usize, commands: &[&dyn Fn() -> Result<Usage>]) -> Result<Vec<Usage>> {
    for command in commands {
        command()?;
    }
    let mut taken = vec![Vec::new(); commands.len()];
    for _ in 0..runs {
        for (command, taken) in commands.iter().zip(&mut taken) {
            taken.push(command()?);
        }
    }
    Ok(taken.iter().map(|taken| median(taken)).collect())
}

fn median(taken: &[Usage]) -> Usage {
    let of = |figure: fn(&Usage) -> f64| {
        let mut figures: Vec<f64> = taken.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures[figures.len() / 2]
    };
    Usage { wall: of(|usage| usage.wall), cpu: of(|usage| usage.cpu), peak_bytes: of(|usage| usage.peak_bytes) }
}

/// Times a piece of work in this process; the median of several runs, in seconds.
pub fn time<T>(runs: usize, mut work: impl FnMut() -> T) -> f64 {
    let mut taken: Vec<Duration> = (0..=runs)
        .map(|_| {
            let started = Instant::now();
            let result = work();
            let took = started.elapsed();
            drop(result);
            took
        })
        .collect();
    taken.remove(0);
    taken.sort();
    taken[taken.len() / 2].as_secs_f64()
}

/// Fits `time = a * size ^ b` and returns `b`.
pub fn exponent(points: &[(f64, f64)]) -> f64 {
    let logs: Vec<(f64, f64)> = points.iter().map(|(size, time)| (size.ln(), time.ln())).collect();
    let count = logs.len() as f64;
    let (mean_x, mean_y) =
        (logs.iter().map(|p| p.0).sum::<f64>() / count, logs.iter().map(|p| p.1).sum::<f64>() / count);
    let covariance: f64 = logs.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let variance: f64 = logs.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    covariance / variance
}
