# `opa test examples/policy`
package shardctl_test

import data.shardctl
import rego.v1

plan(tag, operation) := {
	"format_version": 1,
	"orders": [{"order_id": 48213, "tag": tag, "operations": [operation]}],
}

leaves(ip) := {"kind": "set_del_np", "items": [{"ip": ip, "from": null, "to": true}]}

stays(ip) := {"kind": "set_del_np", "items": [{"ip": ip, "from": null, "to": false}]}

test_production_keeps_its_ips if {
	shardctl.deny == {"order 48213 (prod-eu): 203.0.113.19 would leave"} with input as plan("prod-eu", leaves("203.0.113.19"))
	count(shardctl.deny) == 0 with input as plan("prod-eu", stays("203.0.113.19"))
	count(shardctl.deny) == 0 with input as plan("eu-scrapers", leaves("203.0.113.19"))
	count(shardctl.deny) == 0 with input as plan(null, leaves("203.0.113.19"))
}

test_promised_ips_stay if {
	shardctl.deny == {"order 48213: 203.0.113.10 would leave, and is promised to others"} with input as plan("eu", leaves("203.0.113.10"))
	count(shardctl.deny) == 0 with input as plan("eu", stays("203.0.113.10"))
}

test_production_goes_on_to_renew if {
	off := {"kind": "set_auto_renewal", "from": true, "to": false}
	on := {"kind": "set_auto_renewal", "from": null, "to": true}
	shardctl.deny == {"order 48213 (prod-eu): it would no longer renew by itself"} with input as plan("prod-eu", off)
	count(shardctl.deny) == 0 with input as plan("prod-eu", on)
	count(shardctl.deny) == 0 with input as plan("eu-scrapers", off)
}

test_slots_are_bought_in_small_numbers if {
	shardctl.deny == {"order 48213: 51 slots at once"} with input as plan("eu", {"kind": "purchase_slots", "add_qty": 51})
	count(shardctl.deny) == 0 with input as plan("eu", {"kind": "purchase_slots", "add_qty": 50})
}

test_what_is_no_plan_is_denied if {
	shardctl.deny == {"this is no plan that these rules know"} with input as {}
	shardctl.deny == {"this is no plan that these rules know"} with input as {"format_version": 2, "orders": []}
}
