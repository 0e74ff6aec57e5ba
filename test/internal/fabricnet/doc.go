// Package fabricnet is a real Fabric network of provinces for tests, with a gateway of each in the test's own process.
//
//	Up    ─▶ Network: huzheng-net's network on free ports, gone with every process when the test ends
//	Found ─▶ World: a consortium of its regions, a gateway and an HTTP client of each
//
// Between a gateway and its peers a test may put whatever it likes: Options.Connect gets the connection before it is used.
// A network costs 10 seconds and 1 GB: tests share one, and run only where Env says so.
package fabricnet
