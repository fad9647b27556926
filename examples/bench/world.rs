//! Accounts and manifests of any size, and the server that serves them.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

pub const TOKEN: &str = "sandbox-token";

/// So many orders of so many IPs each.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub orders: u32,
    pub ips: u32,
}

impl Size {
    pub fn order_ids(self) -> impl Iterator<Item = u32> {
        1000..1000 + self.orders
    }

    /// The address of an order's IP; no two orders share one.
    pub fn ip(self, order: u32, ip: u32) -> Ipv4Addr {
        Ipv4Addr::from(0x0A00_0000 + (order - 1000) * self.ips + ip)
    }

    pub fn account(self) -> String {
        let mut text = format!("token: {TOKEN}\nwallet_cents: 1000000000\nslot_price_cents: 100\norders:\n");
        for order in self.order_ids() {
            let _ = write!(text, "  {order}:\n    tag: order-{order}\n    p0f_slots: {}\n    proxies:\n", self.ips);
            for ip in 0..self.ips {
                let _ = writeln!(text, "      {}:", self.ip(order, ip));
            }
        }
        text
    }

    pub fn manifest(self) -> String {
        let mut text = String::from("version: 1\norders:\n");
        for order in self.order_ids() {
            let _ = write!(text, "  {order}:\n    tag: order-{order}\n    p0f_slots: {}\n    keep:\n", self.ips);
            for ip in 0..self.ips {
                let _ = writeln!(text, "      {}: linux", self.ip(order, ip));
            }
        }
        text
    }
}

/// A simulated API in a process of its own, with a folder for the manifest and the state.
pub struct World {
    pub size: Size,
    pub url: String,
    pub folder: tempfile::TempDir,
    server: Child,
}

impl World {
    pub fn start(size: Size, delay_ms: u32) -> Result<World> {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("account.yaml"), size.account())?;
        fs::write(folder.path().join("shardctl.yaml"), size.manifest())?;
        let mut server = Command::new(std::env::current_exe()?)
            .arg("role:server")
            .arg(folder.path().join("account.yaml"))
            .arg(delay_ms.to_string())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(server.stdout.take().context("no output")?).read_line(&mut line)?;
        Ok(World { size, url: line.trim().to_owned(), folder, server })
    }

    /// Applies the manifest, so that nothing is left to do.
    pub fn apply(&self) -> Result<()> {
        let mut run = super::rows::plan_run(self)?;
        run.words[1] = "apply".to_owned();
        run.words.push("--apply".to_owned());
        run.once().map(drop)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a list of URLs for the raw client: what a plan reads.
    pub fn list_reads(&self) -> Result<PathBuf> {
        let mut text = format!("header = \"Authorization: Bearer {TOKEN}\"\n");
        for order in self.size.order_ids() {
            for path in [format!("proxies/active?order_id={order}"), format!("orders/{order}")] {
                let _ = writeln!(text, "url = \"{}/user/api/{path}\"\noutput = \"/dev/null\"", self.url);
            }
        }
        let path = self.path("reads.curl");
        fs::write(&path, text)?;
        Ok(path)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The program, built beside this one.
pub fn shardctl() -> Result<PathBuf> {
    let here = std::env::current_exe()?;
    let folder = here.parent().and_then(Path::parent).context("no target folder")?;
    let program = folder.join("shardctl");
    anyhow::ensure!(program.exists(), "build the program first: cargo build --release");
    Ok(program)
}
