package topology

import "time"

// firstPort is where the first region's ports begin by default; every further region begins regionPorts later. It lies below
// the range that Linux hands out to clients (32768 and up), so that no passing connection occupies a node's port.
const (
	firstPort   = 17000
	regionPorts = 100
)

// Default is the network of four provinces on the loopback that `up` starts when it is given no topology.
func Default() Topology {
	t := Topology{Regions: []Region{
		{Code: "440000", Name: "广东", MSPID: "GuangdongMSP"},
		{Code: "510000", Name: "四川", MSPID: "SichuanMSP"},
		{Code: "500000", Name: "重庆", MSPID: "ChongqingMSP"},
		{Code: "430000", Name: "湖南", MSPID: "HunanMSP"},
	}}
	t.Fill()
	return t
}

// Fill gives every absent field its default.
func (t *Topology) Fill() {
	or(&t.Channel, "huzheng")
	if networkForm.MatchString(t.Channel) {
		or(&t.Network, t.Channel)
	}
	or(&t.Consensus, BFT)
	or(&t.Chaincode.Name, "huzheng")
	or(&t.Batch.Timeout, Duration(200*time.Millisecond))
	or(&t.Batch.MaxMessages, 500)
	or(&t.Batch.PreferredBytes, "2 MB")
	or(&t.Batch.AbsoluteBytes, "10 MB")
	or(&t.BFT.RequestForward, Duration(time.Second))
	or(&t.BFT.RequestComplain, Duration(5*time.Second))
	or(&t.BFT.LeaderHeartbeat, Duration(10*time.Second))
	or(&t.BFT.ViewChange, Duration(10*time.Second))
	or(&t.Certificates.Root, Duration(10*365*24*time.Hour))
	or(&t.Certificates.Node, Duration(365*24*time.Hour))
	for i := range t.Regions {
		t.Regions[i].fill(firstPort + i*regionPorts)
	}
}

func (r *Region) fill(base int) {
	or(&r.Host, "127.0.0.1")
	or(&r.Listen, r.Host)
	or(&r.PortBase, base)
	r.Ports.fill(r.PortBase)
	or(&r.URL, r.defaultURL())
}

// defaultURL is where the region's gateway is reached, or a name that is kept for examples (RFC 2606) where only this machine
// reaches it.
func (r *Region) defaultURL() string {
	if r.Local() {
		return "https://gw." + r.Code + ".example"
	}
	return "https://" + r.Address(r.Ports.Gateway)
}

func (p *Ports) fill(base int) {
	or(&p.Peer, base+51)
	or(&p.ChaincodeA, base+52)
	or(&p.ChaincodeB, base+53)
	or(&p.PeerMetrics, base+54)
	or(&p.Orderer, base+61)
	or(&p.OrdererAdmin, base+62)
	or(&p.OrdererMetrics, base+63)
	or(&p.CA, base+71)
	or(&p.Gateway, base+80)
	or(&p.GatewayPeer, base+81)
}

// or sets *field to value where it is zero.
func or[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
