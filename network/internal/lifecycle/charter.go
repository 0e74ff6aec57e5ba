package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/huzheng-ledger/huzheng/network/internal/gateway"
	"github.com/huzheng-ledger/huzheng/network/internal/node"
	"github.com/huzheng-ledger/huzheng/network/internal/pki"
	"github.com/huzheng-ledger/huzheng/network/internal/sdk"
)

// founders lists the regions that found the consortium: those that the channel began with, as whoever has its first block can
// tell. A region that joined later is admitted by the others.
func (n *Network) founders() ([]string, error) {
	if !exists(n.files.Genesis()) {
		return nil, nil // a region that joined later has no first block
	}
	block, err := readFile(n.files.Genesis())
	if err != nil {
		return nil, err
	}
	first, err := sdk.ReadBlock(block)
	if err != nil {
		return nil, err
	}
	var codes []string
	for _, r := range n.topology.Regions {
		if _, member := first.Member(r.MSPID); member {
			codes = append(codes, r.Code)
		}
	}
	slices.Sort(codes)
	return codes, nil
}

// found founds the consortium on the ledger, where that is not done: every founder's entry, one charter, every founder's signature.
// Only the first founder, by its code, can put it on the ledger; where that is elsewhere, its operator is given the signature.
func (n *Network) found(ctx context.Context) error {
	founders, err := n.founders()
	if err != nil {
		return err
	}
	if n.state.Gateway.Founded || !containsAny(founders, n.localCodes()) {
		return nil
	}
	n.Log.Step("各省签署联盟章程", "every region signs the charter")
	if err := n.entries(founders); err != nil {
		return err
	}
	var files []string
	for _, code := range founders {
		files = append(files, n.files.Founder(code))
	}
	if err := n.program().MakeCharter(ctx, n.topology.Network, n.files.Charter(), files...); err != nil {
		return err
	}
	if err := n.signCharter(ctx, founders); err != nil {
		return err
	}
	return n.submitCharter(ctx, founders)
}

// signCharter signs for every local region. On a region's own host its operator does that, after comparing the charter with what the
// others have.
func (n *Network) signCharter(ctx context.Context, founders []string) error {
	if own := n.state.Local; own != "" {
		signature := n.files.CharterSignature(own)
		if exists(signature) {
			return nil
		}
		config := n.files.Region(own).Gateway().Config()
		return fmt.Errorf("%w: compare what `huzheng charter show %s` says with the other regions by telephone, then sign: "+
			"huzheng charter sign --config %s --out %s %[2]s; then run up again", ErrExchange, n.files.Charter(), config, signature)
	}
	return n.everyRegion(n.localFounders(founders), func(code string) error {
		return n.program().SignCharter(ctx, n.files.Region(code).Gateway().Config(), n.files.Charter(), n.files.CharterSignature(code))
	})
}

func (n *Network) submitCharter(ctx context.Context, founders []string) error {
	first := founders[0]
	if !slices.Contains(n.localCodes(), first) {
		out, err := n.handOut(n.files.CharterSignature(n.state.Local))
		if err != nil {
			return err
		}
		n.Log.Step("请将 "+out+" 交给 "+first, "give this signature to "+first+", which puts the charter on the ledger")
		return nil
	}
	var signatures, missing []string
	for _, code := range founders {
		signatures = append(signatures, n.files.CharterSignature(code))
		if !exists(n.files.CharterSignature(code)) {
			missing = append(missing, code)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%w: the signatures of the charter of %s; put them in with: huzheng-net import FILE...; then run up again",
			ErrExchange, strings.Join(missing, ", "))
	}
	n.Log.Step("章程上链", "putting the charter on the ledger")
	if err := n.program().SubmitCharter(ctx, n.files.Region(first).Gateway().Config(), n.files.Charter(), signatures...); err != nil {
		return err
	}
	return n.change(func(s *state) { s.Gateway.Founded = true })
}

// entries gathers every founder's entry. Those of regions on hosts of their own have to be handed over.
func (n *Network) entries(founders []string) error {
	for _, code := range n.localFounders(founders) {
		entry, err := readFile(n.files.Region(code).Gateway().Founder())
		if err != nil {
			return err
		}
		if err := pki.WriteFile(n.files.Founder(code), entry); err != nil {
			return err
		}
	}
	var missing []string
	for _, code := range founders {
		if !exists(n.files.Founder(code)) {
			missing = append(missing, code)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	out, err := n.handOut(n.files.Founder(n.state.Local))
	if err != nil {
		return err
	}
	return fmt.Errorf("%w: give %s to the others, and put in theirs (%s) with: huzheng-net import FILE...; then run up again",
		ErrExchange, out, strings.Join(missing, ", "))
}

func (n *Network) localFounders(founders []string) []string {
	return slices.DeleteFunc(n.localCodes(), func(code string) bool { return !slices.Contains(founders, code) })
}

func containsAny(list, wanted []string) bool {
	return slices.ContainsFunc(wanted, func(s string) bool { return slices.Contains(list, s) })
}

// handOut copies a file to where the operator finds what others are to be given.
func (n *Network) handOut(path string) (string, error) {
	data, err := readFile(path)
	if err != nil {
		return "", err
	}
	out := n.files.Exchange(filepath.Base(path))
	return out, pki.WriteFile(out, data)
}

// foundingPlace is where a file is kept that another region hands over for the charter, told by its name; false if it is something
// else. The gateway's program checks what it says: an entry when the charter is made, a signature when it is submitted.
func (n *Network) foundingPlace(path string) (string, bool) {
	base := filepath.Base(path)
	for suffix, place := range map[string]func(string) string{
		".founder.json": n.files.Founder, ".charter.sig": n.files.CharterSignature,
	} {
		code, found := strings.CutSuffix(base, suffix)
		if _, known := n.topology.Region(code); found && known {
			return place(code), true
		}
	}
	return "", false
}

// keepFounding keeps a file. One that is there keeps its place where a charter was made of it.
func (n *Network) keepFounding(data []byte, place string) error {
	present, err := readFile(place)
	if err == nil && string(present) != string(data) && exists(n.files.Charter()) {
		return fmt.Errorf("the charter was made with another %s than this: compare the two with the region that it is of", place)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return pki.WriteFile(place, data)
}

// admitGateways has the members of the consortium take in the regions that joined the channel after it was founded. A region whose
// gateway can do its work is a member.
func (n *Network) admitGateways(ctx context.Context) error {
	founders, err := n.founders()
	if err != nil {
		return err
	}
	if n.state.Local != "" {
		return n.askAdmission(founders)
	}
	members := slices.Clone(founders)
	for _, code := range n.localCodes() {
		if slices.Contains(founders, code) {
			continue
		}
		if err := n.admitGateway(ctx, code, members); err != nil {
			return fmt.Errorf("%s joins the consortium: %w", code, err)
		}
		members = append(members, code)
	}
	return nil
}

// askAdmission has the operator of a region on a host of its own hand out its entry, where it joined later: the members' operators
// agree to it, each at the own gateway.
func (n *Network) askAdmission(founders []string) error {
	own := n.state.Local
	if slices.Contains(founders, own) || n.state.Gateway.Founded {
		return nil
	}
	entry, err := readFile(n.files.Region(own).Gateway().Founder())
	if err != nil {
		return err
	}
	out := n.files.Exchange(own + ".founder.json")
	if err := pki.WriteFile(out, entry); err != nil {
		return err
	}
	n.Log.Step("请将 "+out+" 交给各成员省,由过半数成员批准(huzheng region propose / approve)",
		"give this entry to the members; a majority has to agree, with huzheng region propose and approve")
	return nil
}

// admitGateway has a majority of the members agree to a region, each at its own gateway.
func (n *Network) admitGateway(ctx context.Context, code string, members []string) error {
	asked := n.running(node.Gateway, members)
	if len(asked) <= len(members)/2 {
		return errors.New("too few gateways of the members run to agree to it")
	}
	if err := n.gatewaysReady(ctx, asked); err != nil {
		return err
	}
	there, err := n.isMember(ctx, asked[0], code)
	if there || err != nil {
		return err
	}
	n.Log.Step("各省同意 "+code+" 加入联盟", "the members admit "+code+" to the consortium")
	for i, member := range asked[:len(members)/2+1] {
		access, err := gateway.ReadAccess(n.files.Region(member).Gateway().Access())
		if err != nil {
			return err
		}
		if i == 0 {
			err = n.program().Propose(ctx, access, n.files.Region(code).Gateway().Founder())
		} else {
			err = n.program().Approve(ctx, access, code)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// isMember asks a member's gateway whether a region is one.
func (n *Network) isMember(ctx context.Context, at, code string) (bool, error) {
	r, _ := n.topology.Region(at)
	var answer struct {
		Regions []struct{ Code string }
	}
	err := n.askGateway(ctx, r, "/v1/regions", &answer)
	for _, known := range answer.Regions {
		if known.Code == code {
			return true, nil
		}
	}
	return false, err
}
