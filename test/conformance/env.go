package conformance

// Env is the environment variable with the folder of a network that huzheng-net has brought up, with the project's own
// chaincode. The tests take it over: they found its consortium. Without it they start one where HUZHENG_FABRIC is set.
const Env = "HUZHENG_NETWORK"
