//! What this program does when it runs itself.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, bail};
use granit_parser::Parser;
use shardctl::sandbox::{Account, Action, FaultRule, Sandbox, Target, When};

pub fn play(role: &str, words: &[String]) -> Result<ExitCode> {
    match role {
        "measure" => super::measure::measure(words)?,
        "server" => server(words)?,
        "events" => events(Path::new(words.first().context("no file")?))?,
        "writes" => writes(words)?,
        "replace" => replace(words)?,
        other => bail!("no role {other}"),
    }
    Ok(ExitCode::SUCCESS)
}

fn server(words: &[String]) -> Result<()> {
    let [account, delay_ms] = words else { bail!("server ACCOUNT DELAY_MS") };
    let account = Account::from_yaml(&fs::read_to_string(account)?)?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let sandbox = Sandbox::bind(account, ([127, 0, 0, 1], 0).into()).await?.without_request_log();
        if let Some(rule) = delay(delay_ms.parse()?) {
            sandbox.control().set_faults(vec![rule]);
        }
        println!("{}", sandbox.url());
        sandbox.serve(std::future::pending()).await;
        Ok(())
    })
}

fn delay(delay_ms: u64) -> Option<FaultRule> {
    (delay_ms > 0).then(|| FaultRule {
        operation: Target::Any,
        order_id: None,
        nth: 1,
        times: 0,
        when: When::Before,
        action: Action::Delay(std::time::Duration::from_millis(delay_ms)),
    })
}

/// The bare YAML event parser over a file, its events thrown away.
fn events(path: &Path) -> Result<()> {
    let text = fs::read_to_string(path)?;
    let mut count = 0usize;
    for event in Parser::new_from_str(&text) {
        event?;
        count += 1;
    }
    println!("{count}");
    Ok(())
}

/// The least that sends the writes of an apply: for each order two reads and one write, over 16 kept connections.
fn writes(words: &[String]) -> Result<()> {
    let [url, orders, ips] = words else { bail!("writes URL ORDERS IPS") };
    let size = super::world::Size { orders: orders.parse()?, ips: ips.parse()? };
    let next = AtomicUsize::new(0);
    let ids: Vec<u32> = size.order_ids().collect();
    let address = url.strip_prefix("http://").context("no address")?;
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..16)
            .map(|_| {
                scope.spawn(|| -> Result<()> {
                    let mut connection = raw::Connection::open(address)?;
                    while let Some(order) = ids.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let item = |ip| format!("{{\"ip\":\"{}\",\"value\":false}}", size.ip(*order, ip));
                        let items = (0..size.ips).map(item).collect::<Vec<_>>().join(",");
                        connection.get(&format!("/user/api/proxies/active?order_id={order}"))?;
                        connection.get(&format!("/user/api/orders/{order}"))?;
                        connection.post(
                            &format!("/user/api/orders/{order}/del-np/set"),
                            &format!("{{\"items\":[{items}]}}"),
                        )?;
                    }
                    Ok(())
                })
            })
            .collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| anyhow::anyhow!("a worker failed"))?)
    })
}

/// Replaces small files durably, on 16 threads: so many files, each so many times.
fn replace(words: &[String]) -> Result<()> {
    let [folder, files, times, bytes] = words else { bail!("replace FOLDER FILES TIMES BYTES") };
    let folder = Path::new(folder);
    fs::create_dir_all(folder)?;
    let (files, times): (usize, usize) = (files.parse()?, times.parse()?);
    let content = vec![b'x'; bytes.parse()?];
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..16)
            .map(|_| {
                scope.spawn(|| -> Result<()> {
                    loop {
                        let file = next.fetch_add(1, Ordering::Relaxed);
                        if file >= files {
                            return Ok(());
                        }
                        for _ in 0..times {
                            let temporary = folder.join(format!("{file}.tmp"));
                            let handle = fs::File::create(&temporary)?;
                            std::io::Write::write_all(&mut &handle, &content)?;
                            handle.sync_all()?;
                            fs::rename(&temporary, folder.join(format!("{file}.json")))?;
                            fs::File::open(folder)?.sync_all()?;
                        }
                    }
                })
            })
            .collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| anyhow::anyhow!("a worker failed"))?)
    })
}

/// HTTP/1.1 with next to nothing around it.
mod raw {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpStream;

    use anyhow::{Context, Result, ensure};

    pub struct Connection {
        stream: BufReader<TcpStream>,
        body: Vec<u8>,
    }

    impl Connection {
        pub fn open(address: &str) -> Result<Connection> {
            let stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            Ok(Connection { stream: BufReader::new(stream), body: Vec::new() })
        }

        pub fn get(&mut self, target: &str) -> Result<()> {
            self.send("GET", target, "")
        }

        pub fn post(&mut self, target: &str, body: &str) -> Result<()> {
            self.send("POST", target, body)
        }

        fn send(&mut self, method: &str, target: &str, body: &str) -> Result<()> {
            let token = super::super::world::TOKEN;
            let head = format!(
                "{method} {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            self.stream.get_mut().write_all(head.as_bytes())?;
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            ensure!(line.contains(" 200 "), "{method} {target}: {line}");
            let mut length = 0;
            loop {
                line.clear();
                self.stream.read_line(&mut line)?;
                match line.trim_end().split_once(':') {
                    Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                        length = value.trim().parse()?
                    }
                    Some(_) => {}
                    None => break,
                }
            }
            self.body.resize(length, 0);
            self.stream.read_exact(&mut self.body).context("cut short")
        }
    }
}
