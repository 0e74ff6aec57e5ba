package topology

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"time"

	"github.com/goccy/go-yaml"
)

var (
	codeForm    = regexp.MustCompile(`^[1-9][0-9]0000$`)
	mspForm     = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9.-]{0,63}$`)
	networkForm = regexp.MustCompile(`^[0-9A-Za-z._-]{4,64}$`)
	urlForm     = regexp.MustCompile(`^https://[^/?#@\s]+(/[^?#\s]*[^/?#\s])?$`)
	channelForm = regexp.MustCompile(`^[a-z][a-z0-9.-]{0,248}$`)
	nameForm    = regexp.MustCompile(`^[A-Za-z0-9]+([-_][A-Za-z0-9]+)*$`)
	hostForm    = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?$`)
	sizeForm    = regexp.MustCompile(`^[1-9][0-9]* ?([KM]B|B)$`)
)

// Load reads, completes and checks the topology file at path. A member that it does not know is an error.
func Load(path string) (Topology, error) {
	data, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return Topology{}, fmt.Errorf("read the topology: %w", err)
	}
	t, err := Parse(data)
	if err != nil {
		return Topology{}, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// Parse reads, completes and checks a topology.
func Parse(data []byte) (Topology, error) {
	var t Topology
	err := yaml.NewDecoder(bytes.NewReader(data), yaml.DisallowUnknownField()).Decode(&t)
	if err != nil && !errors.Is(err, io.EOF) {
		return Topology{}, err
	}
	t.Fill()
	return t, t.Validate()
}

// Marshal writes t with every default filled in, as Parse reads it.
func (t Topology) Marshal() ([]byte, error) { return yaml.Marshal(t) }

// Validate reports every mistake of t at once.
func (t Topology) Validate() error {
	problems := t.checkChannel()
	seen := map[string]string{} // address, code or MSP ID → who has it
	for i, r := range t.Regions {
		for _, err := range r.check(seen) {
			problems = append(problems, fmt.Errorf("region %d (%s): %w", i+1, r.Code, err))
		}
	}
	return errors.Join(problems...)
}

func (t Topology) checkChannel() []error {
	return collect(
		rule(channelForm.MatchString(t.Channel), "channel %q: lower-case letters, digits, dots and hyphens, a letter first", t.Channel),
		rule(networkForm.MatchString(t.Network), "network %q: name one of 4 to 64 letters, digits, dots, hyphens and underscores", t.Network),
		rule(nameForm.MatchString(t.Chaincode.Name), "chaincode name %q: letters and digits, joined by - or _", t.Chaincode.Name),
		rule(t.Consensus == BFT || t.Consensus == Raft, "consensus %q: bft or raft", t.Consensus),
		rule(t.Consensus != BFT || len(t.Regions) >= 4, "bft among %d regions survives no fault: name 4 or more, or take raft", len(t.Regions)),
		rule(len(t.Regions) > 0, "no regions"),
		rule(t.Batch.Timeout > 0, "batch timeout %s: more than nothing", t.Batch.Timeout),
		rule(sizeForm.MatchString(t.Batch.PreferredBytes), "batch preferredBytes %q: a size as in 2 MB", t.Batch.PreferredBytes),
		rule(sizeForm.MatchString(t.Batch.AbsoluteBytes), "batch absoluteBytes %q: a size as in 10 MB", t.Batch.AbsoluteBytes),
		rule(t.Certificates.Node >= Duration(time.Minute), "certificates node %s: a minute or more", t.Certificates.Node),
		rule(t.Certificates.Root > t.Certificates.Node, "certificates root %s: it must outlive the nodes' (%s)", t.Certificates.Root, t.Certificates.Node),
		rule(slices.Min([]Duration{t.BFT.RequestForward, t.BFT.RequestComplain, t.BFT.LeaderHeartbeat, t.BFT.ViewChange}) > 0,
			"bft: every timeout must be more than nothing"),
	)
}

func (r Region) check(seen map[string]string) []error {
	problems := collect(
		rule(codeForm.MatchString(r.Code), "code %q: a province of GB/T 2260, six digits that end in 0000", r.Code),
		rule(r.Name != "", "it has no name"),
		rule(mspForm.MatchString(r.MSPID), "msp %q: letters, digits, dots and hyphens, a letter first", r.MSPID),
		rule(hostForm.MatchString(r.Host), "host %q: an IP address or a DNS name", r.Host),
		rule(hostForm.MatchString(r.Listen), "listen %q: an IP address or a DNS name", r.Listen),
		rule(urlForm.MatchString(r.URL), "url %q: https://host, without a slash at its end", r.URL),
		unique(seen, "code "+r.Code, r.Code),
		unique(seen, "msp "+r.MSPID, r.Code),
		unique(seen, "url "+r.URL, r.Code),
	)
	for _, p := range r.Ports.all() {
		problems = append(problems, collect(
			rule(p.port > 0 && p.port < 65536, "port %s: %d is no port", p.name, p.port),
			unique(seen, r.Bind(p.port), r.Code+" "+p.name),
		)...)
	}
	return problems
}

type namedPort struct {
	name string
	port int
}

func (p Ports) all() []namedPort {
	return []namedPort{
		{"ca", p.CA}, {"orderer", p.Orderer}, {"ordererAdmin", p.OrdererAdmin}, {"ordererMetrics", p.OrdererMetrics},
		{"peer", p.Peer}, {"peerMetrics", p.PeerMetrics}, {"chaincodeA", p.ChaincodeA}, {"chaincodeB", p.ChaincodeB}, {"gateway", p.Gateway},
		{"gatewayPeer", p.GatewayPeer},
	}
}

// unique notes that owner has key, and is an error where someone has it already.
func unique(seen map[string]string, key, owner string) error {
	if other, taken := seen[key]; taken {
		return fmt.Errorf("%s is taken by %s", key, other)
	}
	seen[key] = owner
	return nil
}

// rule is nil where ok holds, and otherwise an error with the words given.
func rule(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf(format, args...)
}

// collect keeps the errors that are not nil.
func collect(errs ...error) []error {
	return slices.DeleteFunc(errs, func(err error) bool { return err == nil })
}
