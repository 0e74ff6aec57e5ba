// Package benchnet measures what is promised about a Fabric network of provinces: ours and a plain Fabric application, in one run, on
// the same peers, orderers and channel.
//
//	huzheng-net up ─▶ one network ─┬─▶ baseline: one certificate a transaction, Evaluate of one key
//	                               └─▶ four gateways: batches, verdicts over HTTP, revocations, lone anchors, bytes, rebuild ─▶ table
//
// The plain application is a second chaincode on the channel, with servers of its own, deployed with Fabric's own program. The
// gateways' stores are those that huzheng-net made; they are opened in this process, which also makes the load. Only ratios within
// one run mean much: everything shares one machine.
//
//	HUZHENG_FABRIC=1 go test -run '^$' -bench Network -benchtime 1x ./test/benchnet -v -args -benchnet.json bench.json
package benchnet
