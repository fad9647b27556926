# What a plan may do, over and above the limits that stand in the manifest: rules of your own, in the language of the
# Open Policy Agent. They read what `shardctl plan --out plan.json` saves:
#
#   opa eval --data examples/policy --input plan.json --format pretty --fail-defined 'data.shardctl.deny[_]'
#   conftest test --policy examples/policy --namespace shardctl plan.json
#
# Both fail where `deny` says something. Run one of them between plan and apply, and apply with `--plan plan.json`: that
# very plan is carried out, or none.
package shardctl

import rego.v1

# Orders with such a tag keep every IP, and go on to renew by themselves.
is_production(order) if {
	is_string(order.tag)
	startswith(order.tag, "prod-")
}

# IPs that others know by heart: allow-lists of customers, say.
promised := {"203.0.113.10", "203.0.113.11"}

deny contains sprintf("order %d (%s): %s would leave", [order.order_id, order.tag, item.ip]) if {
	some order in input.orders
	is_production(order)
	some operation in order.operations
	operation.kind == "set_del_np"
	some item in operation.items
	item.to == true
}

deny contains sprintf("order %d: %s would leave, and is promised to others", [order.order_id, item.ip]) if {
	some order in input.orders
	some operation in order.operations
	operation.kind == "set_del_np"
	some item in operation.items
	item.to == true
	item.ip in promised
}

deny contains sprintf("order %d (%s): it would no longer renew by itself", [order.order_id, order.tag]) if {
	some order in input.orders
	is_production(order)
	some operation in order.operations
	operation.kind == "set_auto_renewal"
	operation.to == false
}

deny contains sprintf("order %d: %d slots at once", [order.order_id, operation.add_qty]) if {
	some order in input.orders
	some operation in order.operations
	operation.kind == "purchase_slots"
	operation.add_qty > 50
}

# A plan that cannot be read by these rules is none that they allow.
deny contains "this is no plan that these rules know" if not input.format_version == 1
