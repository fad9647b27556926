#!/bin/sh
# Writes the status of the manifest's orders for node_exporter's textfile collector. Run it every few minutes, as by cron:
#
#   */10 * * * * cd /srv/proxies && PROXYSHARD_TOKEN=… /usr/local/bin/textfile-collector.sh /var/lib/node_exporter
#
# cron looks for programs in few directories: where shardctl is not in /usr/local/bin, name its file by SHARDCTL.
#
# The file is replaced as a whole. Where an order, or all of them, could not be read, it says so (`shardctl_order_up`,
# `shardctl_up`); where not even that could be written, the old one stays, and its age tells.
set -eu

directory=${1:?name the directory that node_exporter reads: --collector.textfile.directory}
new=$(mktemp "$directory/.shardctl.XXXXXX")
trap 'rm -f "$new"' EXIT

PATH=$PATH:/usr/local/bin
"${SHARDCTL:-shardctl}" status --format openmetrics --quiet >"$new" || true
tail -n 1 "$new" | grep -q '^# EOF$'
chmod 644 "$new"
mv "$new" "$directory/shardctl.prom"
